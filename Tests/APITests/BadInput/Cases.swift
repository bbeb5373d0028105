import Application
import CRM
import HTTPTypes
import Kernel

@testable import API

/// The table of what must be refused, made of all routes and of all fields.
struct Cases {
    let house: House
    let records: Records
    /// A record of another organization, by entity.
    let foreign: [String: String]

    var all: [Case] { house.routes.flatMap(cases) + house.routes.flatMap(fields) + domain }

    /// Routes whose handler does not end or that end the session of all others are left to their own tests.
    private func path(_ route: Route, id: String? = nil) -> String {
        let entity = Cases.owner(of: route)
        let name = route.path.hasPrefix("/api/v1/imports/") ? "import" : entity?.name
        let known = id ?? records.ids[name ?? ""] ?? "01890a5d-ac96-774b-bcce-b302099a8057"
        return route.path.replacing("{id}", with: known).replacing("{projection}", with: "deals")
            .replacing("{key}", with: known)
    }

    /// The entity whose record the path names; of a route in a source's words that of the route it stands for.
    private static func owner(of route: Route) -> (any Entity.Type)? {
        let path = route.origin?.path ?? route.path
        return entities.first { path.hasPrefix("/api/v1/\($0.plural)/") }
    }

    /// A request that its route would take, but for what a case breaks.
    private func call(_ route: Route, id: String? = nil, _ headers: [(String, String)] = []) -> Call {
        let always: [(String, String)] = route.method == .put ? [("If-Match", "*")] : []
        let headers = headers.contains { $0.0 == "If-Match" } ? headers : headers + always
        let body: [UInt8]? =
            switch route.body {
            case .none: nil
            case .members, .patch, .document, .message, .upload: Array("{}".utf8)
            }
        let type = body == nil ? [] : [("Content-Type", "application/json")]
        return Call(route.method.rawValue, path(route, id: id), headers + type, body)
    }

    // MARK: What must every route refuse?

    private func cases(_ route: Route) -> [Case] {
        let name = "\(route.method.rawValue) \(route.path)"
        var cases = [
            Case("\(name): other method", Call("PROPFIND", path(route)), 405, "method_not_allowed"),
            Case("\(name): If-Match", call(route, [("If-Match", "abc")]), 400, "if_match.malformed"),
            Case("\(name): key", call(route, [("Idempotency-Key", "a b")]), 400, "idempotency.key_malformed"),
            Case("\(name): place", call(route, [("Daybook-Min-Position", "-3")]), 400, "min_position.malformed"),
        ]
        var unknown = call(route)
        unknown.path += "?no_such_parameter=1"
        cases.append(Case("\(name): parameter", unknown, 400, "parameter.unknown"))
        if !Cases.isOpen(route) {
            cases += [
                Case("\(name): no token", call(route), 401, "auth.required", isKnown: false),
                Case("\(name): bad token", call(route, [("Authorization", "Bearer nonsense")]), 401, isKnown: false),
            ]
        }
        if route.path.contains("{id}"), let entity = Cases.owner(of: route) {
            let absent = "\(entity.name).not_found"
            cases.append(Case("\(name): no id", call(route, id: "42"), 404, absent))
            // What must be in a body is looked at first.
            let mayBeEmpty = Cases.takesEmpty(route)
            cases.append(
                Case(
                    "\(name): nobody's", call(route, id: "01890a5d-ac96-774b-bcce-b302099a8057"),
                    mayBeEmpty ? 404 : nil, mayBeEmpty ? absent : nil))
            if let id = foreign[entity.name] {
                cases.append(
                    Case("\(name): another's", call(route, id: id), mayBeEmpty ? 404 : nil, mayBeEmpty ? absent : nil))
            }
        }
        return cases + bodies(route, name) + parameters(route, name)
    }

    private static func isOpen(_ route: Route) -> Bool {
        switch route.handler {
        case .open: true
        case .known, .upload: false
        }
    }

    private static func takesEmpty(_ route: Route) -> Bool {
        switch route.body {
        case .none, .patch: true
        case .members(let fields, _): fields.isEmpty
        case .document, .message, .upload: false
        }
    }

    private func bodies(_ route: Route, _ name: String) -> [Case] {
        if case .none = route.body {
            return route.path.contains("metrics")
                ? []
                : [
                    Case(
                        "\(name): body", Call(route.method.rawValue, path(route), [], Array("{}".utf8)), 400,
                        "body.unexpected")
                ]
        }
        // What a file holds is nobody's business: its own tests break what stands around it.
        if case .upload = route.body { return [] }
        func sending(_ text: String, _ more: [(String, String)] = [("Content-Type", "application/json")]) -> Call {
            var call = call(route)
            call.headers.removeAll { $0.0 == "Content-Type" }
            call.headers += more
            call.body = Array(text.utf8)
            return call
        }
        var large = sending("")
        // Of bytes: a text of a mebibyte is put together letter by letter, for each route.
        large.body = [0x22] + [UInt8](repeating: 0x61, count: route.body.limit) + [0x22]
        let deep = String(repeating: "[", count: 33) + String(repeating: "]", count: 33)
        let malformed = [
            "{", "{\"a\":}", "{\"a\":1,\"a\":2}", "nul", "{} {}", "{\"a\":\"\\u0000\"}", "{\"a\":\"\\ud800\"}",
            "{\"a\":1e999}", deep,
        ]
        return malformed.map { Case("\(name): \($0.prefix(12))", sending($0), 400, "json.malformed") } + [
            Case(
                "\(name): not UTF-8",
                Call(route.method.rawValue, path(route), call(route).headers, [0x22, 0xFF, 0x22]), 400, "json.malformed"
            ),
            Case("\(name): array", sending("[]"), 422, "body.invalid"),
            Case("\(name): text", sending("\"x\""), 422, "body.invalid"),
            Case(
                "\(name): unknown member", sending("{\"no_such_member\":1}"), 422, "body.invalid",
                pointer: "/no_such_member"),
            Case("\(name): plain text", sending("{}", [("Content-Type", "text/plain")]), 415, "body.not_json"),
            Case("\(name): no type", sending("{}", []), 415, "body.not_json"),
            Case(
                "\(name): packed", sending("{}", [("Content-Type", "application/json"), ("Content-Encoding", "gzip")]),
                415, "body.encoded"),
            Case("\(name): large", large, 413, "body.too_large"),
        ]
    }

    private func parameters(_ route: Route, _ name: String) -> [Case] {
        guard case .grammar(let known) = route.parameters else { return [] }
        func asking(_ query: String) -> Call {
            var call = call(route)
            call.path += "?" + query
            return call
        }
        var cases = [
            Case("\(name): escape", asking("a=%zz"), 400, "parameter.malformed"),
            Case("\(name): bytes", asking("a=%ff"), 400, "parameter.malformed"),
            Case("\(name): operator", asking("title.no_such=1"), 400, "parameter.unknown"),
            Case("\(name): as of", asking("as_of=yesterday"), 400),
        ]
        guard known.contains(where: { $0.name == "cursor" }) else { return cases }
        cases += [
            "cursor=abc", "cursor=", "limit=0", "limit=201", "limit=x", "page=0", "page=-1", "page_size=x",
            "sort=no_such", "sort=",
            "fields=no_such", "fields=", "total=maybe", "limit=5&limit=6", "cursor=abc&page=2",
            "page=99999999999999999999", "external_id=x",
        ]
        .map { Case("\(name): \($0)", asking($0), 400) }
        return cases
    }

    // MARK: What must every field refuse?

    private func fields(_ route: Route) -> [Case] {
        let (takes, isPatch): ([Field], Bool) =
            switch route.body {
            case .members(let fields, _): (fields, false)
            case .patch(let fields): (fields, true)
            case .none, .document, .message, .upload: ([], false)
            }
        let name = "\(route.method.rawValue) \(route.path)"
        let entity = entities.first { route.path == "/api/v1/\($0.plural)" }
        let owner = Cases.owner(of: route)
        let base = isPatch ? [:] : (entity.flatMap { records.least(of: $0.name).object } ?? [:])
        func sending(_ member: String, _ value: JSON?) -> Call {
            var call = call(route)
            var body = base
            body[member] = value
            call.body = JSON.object(body).bytes
            return call
        }
        return takes.flatMap { field -> [Case] in
            // Forgetting the rule of a stage that has none changes nothing, and is no error.
            let wrong =
                route.path.hasSuffix("/allow") && field.name == "from" ? Array(field.wrong.dropLast()) : field.wrong
            var cases = wrong.map { wrong in
                Case("\(name) \(field.name): \(wrong.what)", sending(field.name, wrong.value))
            }
            if field.isRequired {
                cases.append(
                    Case(
                        "\(name) \(field.name): null", sending(field.name, .null), 422, "body.invalid",
                        pointer: "/\(field.name)"))
                // What has a default stays as it is where a replacement does not name it.
                let isOfSource = route.method == .put && route.origin != nil
                let own = owner?.fields.first { $0.name == field.name }
                let mayStay = isOfSource || route.method == .put && own?.isRequired == false
                if !isPatch, !mayStay {
                    cases.append(
                        Case(
                            "\(name) \(field.name): missing", sending(field.name, nil), 422, "body.invalid",
                            pointer: "/\(field.name)"))
                }
            }
            for alias in field.aliases {
                cases.append(Case("\(name) \(alias)", sending(alias, .array([[:], 5]))))
            }
            return cases
        }
    }
}
