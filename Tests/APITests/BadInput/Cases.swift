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
        let entity = entities.first { route.path.hasPrefix("/api/v1/\($0.plural)/") }
        let name = route.path.hasPrefix("/api/v1/imports/") ? "import" : entity?.name
        let known = id ?? records.ids[name ?? ""] ?? "01890a5d-ac96-774b-bcce-b302099a8057"
        return route.path.replacing("{id}", with: known).replacing("{projection}", with: "deals")
    }

    /// A request that its route would take, but for what a case breaks.
    private func call(_ route: Route, id: String? = nil, _ headers: [(String, String)] = []) -> Call {
        let always: [(String, String)] = route.method == .put ? [("If-Match", "*")] : []
        let headers = headers.contains { $0.0 == "If-Match" } ? headers : headers + always
        let body: [UInt8]? =
            switch route.body {
            case .none: nil
            case .members, .patch, .document: Array("{}".utf8)
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
        if case .known = route.handler {
            cases += [
                Case("\(name): no token", call(route), 401, "auth.required", isKnown: false),
                Case("\(name): bad token", call(route, [("Authorization", "Bearer nonsense")]), 401, isKnown: false),
            ]
        }
        if route.path.contains("{id}"),
            let entity = entities.first(where: { route.path.hasPrefix("/api/v1/\($0.plural)/") })
        {
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

    private static func takesEmpty(_ route: Route) -> Bool {
        switch route.body {
        case .none, .patch: true
        case .members(let fields, _): fields.isEmpty
        case .document: false
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
        func sending(_ text: String, _ more: [(String, String)] = [("Content-Type", "application/json")]) -> Call {
            var call = call(route)
            call.headers.removeAll { $0.0 == "Content-Type" }
            call.headers += more
            call.body = Array(text.utf8)
            return call
        }
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
            Case(
                "\(name): large", sending("\"" + String(repeating: "a", count: route.body.limit) + "\""), 413,
                "body.too_large"),
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
            case .none, .document: ([], false)
            }
        let name = "\(route.method.rawValue) \(route.path)"
        let entity = entities.first { route.path == "/api/v1/\($0.plural)" }
        let owner = entities.first { route.path.hasPrefix("/api/v1/\($0.plural)/") }
        let base = isPatch ? [:] : (entity.flatMap { Records.least[$0.name]?.object } ?? [:])
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
                let mayStay = route.method == .put && owner?.fields.first { $0.name == field.name }?.isRequired == false
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

    // MARK: What must the rules refuse?

    private var domain: [Case] {
        let deal = "/api/v1/deals/\(records.ids["deal"] ?? "")"
        let won = records.stages.first { $0.kind == "won" }?.id ?? ""
        let owner = records.tenant.founding.email
        let batch = "/api/v1/commands"
        let rows = "/api/v1/imports/\(records.ids["import"] ?? "")/rows"
        func post(_ path: String, _ body: String) -> Call { Call("POST", path, json: body) }
        let nobody = "01890a5d-ac96-774b-bcce-b302099a8057"
        return [
            Case("no such stage", post(deal + "/move", #"{"stage_id":"\#(nobody)"}"#), 422),
            Case("a stage that is not open", post(deal + "/move", #"{"stage_id":"\#(won)"}"#), 422),
            Case("losing without a reason", post(deal + "/lose", "{}"), 422, "body.invalid", pointer: "/lost_reason"),
            Case("a claimed e-mail", post("/api/v1/members", #"{"name":"Ann","email":"\#(owner)"}"#), 409),
            Case(
                "a claimed e-mail of a contact",
                post("/api/v1/contacts", #"{"last_name":"X","email":"LEE@example.com"}"#), 409),
            Case("a claimed slug", post("/api/v1/accounts", #"{"name":"X","slug":"pumps"}"#), 409),
            Case("a claimed code", post("/api/v1/products", #"{"name":"X","code":"P-1"}"#), 409),
            Case(
                "an account above itself",
                post(
                    "/api/v1/accounts/\(records.ids["account"] ?? "")/set_parent",
                    #"{"parent_id":"\#(records.ids["account"] ?? "")"}"#)),
            Case(
                "a stale version", Call("PATCH", deal, [("If-Match", "\"9\"")], json: #"{"source":"fair"}"#), 412,
                "precondition.failed"),
            Case(
                "a replacement without its version", Call("PUT", deal, json: #"{"title":"X"}"#), 428,
                "precondition.required"),
            Case(
                "an occurrence outside a batch",
                post("/api/v1/teams", #"{"name":"X","occurred_at":"2020-01-01T00:00:00Z"}"#), 422, "body.invalid"),
            Case(
                "a deal of another's account",
                post("/api/v1/deals", #"{"title":"X","account_id":"\#(foreign["account"] ?? "")"}"#), 422),
            Case(
                "a password that is short",
                Call("PUT", "/api/v1/members/\(records.ids["member"] ?? "")/password", json: #"{"password":"short"}"#),
                422),
            Case(
                "an act of the server's own",
                post("/api/v1/members/\(records.ids["member"] ?? "")/password_changed", "{}"), 404, "route_not_found"),
            Case("no such route", Call("GET", "/api/v1/nothing"), 404, "route_not_found"),
            Case("no such table", Call("GET", "/api/v1/tables/no_such"), 404),
            Case("a table out of sight", Call("GET", "/api/v1/tables/..%2Fevent"), 404),
            Case(
                "a place of another history", Call("GET", deal, [("Daybook-Min-Position", "1-0000000000000000")]), 409,
                "log.forked"),
            Case("an empty batch", post(batch, #"{"commands":[]}"#), 422),
            Case(
                "a batch of a thousand and one",
                post(batch, #"{"commands":["# + (0...1000).map { _ in "{}" }.joined(separator: ",") + "]}"), 422),
            Case(
                "a batch: unknown member",
                post(batch, #"{"commands":[{"entity":"team","command":"create","no_such":1}]}"#), 422, "body.invalid",
                pointer: "/commands/0/no_such"),
            Case(
                "a batch: unknown entity", post(batch, #"{"commands":[{"entity":"no_such","command":"create"}]}"#), 422,
                "body.invalid", pointer: "/commands/0/entity"),
            Case(
                "a batch: unknown command", post(batch, #"{"commands":[{"entity":"team","command":"no_such"}]}"#), 422,
                "body.invalid", pointer: "/commands/0/command"),
            Case(
                "a batch: the server's own act",
                post(batch, #"{"commands":[{"entity":"member","command":"password_changed","id":"\#(nobody)"}]}"#), 422,
                "body.invalid"),
            Case(
                "a batch: a second organization",
                post(batch, #"{"commands":[{"entity":"organization","command":"create","body":{"name":"X"}}]}"#), 422,
                "body.invalid"),
            Case(
                "a batch: another organization",
                post(batch, #"{"commands":[{"entity":"organization","command":"edit","id":"\#(nobody)"}]}"#), 422,
                "body.invalid"),
            Case(
                "a batch: a set of fields by id",
                post(batch, #"{"commands":[{"entity":"field_set","command":"define","id":"\#(nobody)","body":{}}]}"#),
                422, "body.invalid"),
            Case(
                "a batch: an id for a new record",
                post(
                    batch, #"{"commands":[{"entity":"team","command":"create","id":"\#(nobody)","body":{"name":"X"}}]}"#
                ), 422, "body.invalid"),
            Case(
                "a batch: no record named",
                post(batch, #"{"commands":[{"entity":"team","command":"edit","body":{}}]}"#), 422, "body.invalid"),
            Case(
                "a batch: two names for one",
                post(
                    batch,
                    #"{"commands":[{"entity":"team","command":"edit","id":"\#(nobody)","external":{"source":"s","id":"1"}}]}"#
                ), 422, "body.invalid"),
            Case(
                "a batch: a bad key",
                post(batch, #"{"commands":[{"entity":"team","command":"create","body":{"name":"X"},"key":"a b"}]}"#),
                422, "body.invalid"),
            Case(
                "an atomic batch with a key in it",
                post(
                    batch,
                    #"{"atomic":true,"commands":[{"entity":"team","command":"create","body":{"name":"X"},"key":"k"}]}"#),
                422, "body.invalid"),
            Case(
                "an atomic batch from the future",
                post(
                    batch,
                    #"{"atomic":true,"commands":[{"entity":"team","command":"create","body":{"name":"X"},"occurred_at":"2999-01-01T00:00:00Z"}]}"#
                ), 422, "time.in_future"),
            Case(
                "an import of another",
                post("/api/v1/imports/\(foreign["import"] ?? "")/rows", #"{"rows":[["a","b"]]}"#), 404,
                "import.not_found"),
            Case(
                "an import without a mapping", post("/api/v1/imports", #"{"header":["a"]}"#), 422, "body.invalid",
                pointer: "/mapping"),
            Case("an import by a mapping that is none", post("/api/v1/imports", #"{"header":["a"],"mapping":"- ["}"#)),
            Case("no rows", post(rows, #"{"rows":[]}"#), 422, "body.invalid", pointer: "/rows"),
            Case("a row too narrow", post(rows, #"{"rows":[["a"]]}"#), 422, "body.invalid", pointer: "/rows/0"),
            Case("a row of numbers", post(rows, #"{"rows":[[1,2]]}"#), 422, "body.invalid", pointer: "/rows/0"),
            Case(
                "a login with the wrong password",
                post("/api/v1/auth/login", #"{"email":"\#(owner)","password":"wrong"}"#), 401, isKnown: false),
            Case(
                "a login of nobody", post("/api/v1/auth/login", #"{"email":"nobody@example.com","password":"wrong"}"#),
                401, isKnown: false),
        ]
    }
}
