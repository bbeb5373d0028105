import Application
import HTTPTypes
import Kernel

/// The description of the API (OpenAPI 3.1.0), made of the routes themselves, so that neither can miss the other.
enum OpenAPI {
    /// The route that answers the description of `routes` and of itself.
    static func route(for routes: [Route], entities: [any Entity.Type]) -> Route {
        let path = "\(Routes.base)/openapi.json"
        func route(_ body: [UInt8]) -> Route {
            Route(
                .get, path, "This description.", answer: .json(["type": "object"], position: false),
                handler: .open { _ throws(Problem) in Outcome(body: body) })
        }
        return route(document(routes + [route([])], entities: entities).bytes)
    }

    /// The description of these routes.
    static func document(_ routes: [Route], entities: [any Entity.Type]) -> JSON {
        var paths: [String: [String: JSON]] = [:]
        for route in routes {
            paths[route.path, default: [:]][route.method.rawValue.lowercased()] = operation(route)
        }
        var schemas: [String: JSON] = ["Problem": Schema.problem, "Done": Schema.done]
        for entity in entities { schemas[Schema.title(entity)] = Schema.record(entity) }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Daybook", "version": "1",
                "description": "A CRM whose records are what its log of events amounts to.",
            ],
            "paths": .object(paths.mapValues(JSON.object)),
            "components": [
                "schemas": .object(schemas),
                "securitySchemes": ["bearer": ["type": "http", "scheme": "bearer"]],
            ],
        ]
    }

    private static func operation(_ route: Route) -> JSON {
        var operation: [String: JSON] = [
            "operationId": .string(identifier(route)), "summary": .string(route.summary),
            "parameters": .array(parameters(route)), "responses": .object(responses(route)),
        ]
        if let body = body(route.body) { operation["requestBody"] = body }
        if let origin = route.origin {
            operation["tags"] = [.string(origin.dialect)]
            operation["description"] = .string("As \(origin.method.rawValue) \(origin.path).")
        }
        switch route.handler {
        case .open: break
        case .known, .upload: operation["security"] = [["bearer": []]]
        }
        return .object(operation)
    }

    /// `post_deals_id_move`.
    private static func identifier(_ route: Route) -> String {
        let words = route.path.replacing("/api/v1", with: "").split { !$0.isLetter && !$0.isNumber && $0 != "_" }
        return ([route.method.rawValue.lowercased()] + words.map(String.init)).joined(separator: "_")
    }

    private static func parameters(_ route: Route) -> [JSON] {
        let captured = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { segment -> JSON in
            [
                "name": .string(String(segment.dropFirst().dropLast())), "in": "path", "required": true,
                "schema": ["type": "string"],
            ]
        }
        let named: [Route.Described] =
            switch route.parameters {
            case .only(let named), .grammar(let named): named
            }
        // Filters take the names of fields: they are described, not listed.
        let query = named.filter { !$0.name.hasPrefix("{") }.map { parameter -> JSON in
            [
                "name": .string(parameter.name), "in": "query", "description": .string(parameter.detail),
                "schema": ["type": "string"],
            ]
        }
        return captured + query + headers(route)
    }

    private static func headers(_ route: Route) -> [JSON] {
        if case .open = route.handler { return [] }
        func header(_ name: String, _ detail: String, required: Bool = false) -> JSON {
            [
                "name": .string(name), "in": "header", "description": .string(detail), "required": .bool(required),
                "schema": ["type": "string"],
            ]
        }
        if case .bytes(let headers) = route.answer { return headers.map { header($0.name, $0.detail) } }
        switch route.method {
        case .get: return [header("Daybook-Min-Position", "Wait until the answer reflects at least this position.")]
        default:
            var all = [header("Idempotency-Key", "The command is carried out once for each key.")]
            if case .command(200) = route.answer {
                all.append(
                    header("If-Match", "The version seen, as ETag gave it, or *.", required: route.method == .put))
            }
            return all
        }
    }

    private static func body(_ shape: Route.Shape) -> JSON? {
        func content(_ schema: JSON, _ types: [String], required: Bool) -> JSON {
            let members = types.map { ($0, ["schema": schema] as JSON) }
            return ["required": .bool(required), "content": .object(Dictionary(members) { $1 })]
        }
        switch shape {
        case .none: return nil
        case .members(let fields, let optional):
            return content(fields.schema(.body), ["application/json"], required: !optional)
        case .patch(let fields):
            let types = ["application/json", "application/merge-patch+json"]
            return content(fields.schema(.body, patch: true), types, required: true)
        case .document(let schema, _): return content(schema, ["application/json"], required: true)
        case .message(let schema, _):
            return [
                "required": true,
                "content": [
                    "message/rfc822": ["schema": ["type": "string"]], "application/json": ["schema": schema],
                ],
            ]
        case .upload(let fields):
            let bytes: JSON = ["type": "string", "format": "binary"]
            var form = fields.schema(.body).object ?? [:]
            form["properties"] = .object((form["properties"]?.object ?? [:]).merging(["file": bytes]) { $1 })
            return [
                "required": true,
                "content": [
                    "multipart/form-data": ["schema": .object(form)], "application/octet-stream": ["schema": bytes],
                ],
            ]
        }
    }

    private static func responses(_ route: Route) -> [String: JSON] {
        let problem: JSON = [
            "description": "A problem (RFC 9457).",
            "content": ["application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
        ]
        func answer(_ description: String, _ type: String, _ schema: JSON, _ headers: [String]) -> JSON {
            let described = headers.map { ($0, ["schema": ["type": "string"]] as JSON) }
            return [
                "description": .string(description), "content": .object([type: ["schema": schema]]),
                "headers": .object(Dictionary(described) { $1 }),
            ]
        }
        let done: JSON = ["$ref": "#/components/schemas/Done"]
        switch route.answer {
        case .command(201):
            return [
                "201": answer("Made.", "application/json", done, ["Location", "ETag", "Daybook-Position"]),
                "default": problem,
            ]
        case .command(let status):
            return [
                String(status): answer("Done.", "application/json", done, ["ETag", "Daybook-Position"]),
                "default": problem,
            ]
        case .json(let schema, let position):
            let headers = position ? ["Daybook-Position"] : []
            return ["200": answer("Found.", "application/json", schema, headers), "default": problem]
        case .textOrJSON(let schema):
            let both = answer("Found.", "text/plain", ["type": "string"], ["Daybook-Position"])
            guard var found = both.object, var content = found["content"]?.object else { return ["default": problem] }
            content["application/json"] = ["schema": schema]
            found["content"] = .object(content)
            return ["200": .object(found), "default": problem]
        case .rows(let types):
            let contents = types.map { ($0, ["schema": ["type": "string"]] as JSON) }
            let found: JSON = [
                "description": "The rows, one a line.", "content": .object(Dictionary(contents) { $1 }),
                "headers": ["Daybook-Position": ["schema": ["type": "string"]]],
            ]
            return ["200": found, "default": problem]
        case .bytes:
            let bytes: JSON = ["type": "string", "format": "binary"]
            let headers = ["ETag", "Content-Disposition", "Accept-Ranges"]
            return [
                "200": answer("The file.", "*/*", bytes, headers),
                "206": answer("A part of it.", "*/*", bytes, headers + ["Content-Range"]),
                "304": ["description": "The client has it."], "default": problem,
            ]
        case .accepted(let schema):
            return ["202": answer("Begun.", "application/json", schema, ["Location"]), "default": problem]
        case .text: return ["200": answer("Text.", "text/plain", ["type": "string"], []), "default": problem]
        case .nothing: return ["204": ["description": "Done."], "default": problem]
        }
    }
}
