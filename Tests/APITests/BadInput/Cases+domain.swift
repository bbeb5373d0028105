import Application
import Kernel

@testable import API

// MARK: What must the rules refuse?

extension Cases {
    var domain: [Case] { rules + places + batches + imports + logins }

    private var deal: String { "/api/v1/deals/\(records.ids["deal"] ?? "")" }
    private var account: String { records.ids["account"] ?? "" }
    private var member: String { "/api/v1/members/\(records.ids["member"] ?? "")" }
    private var owner: String { records.tenant.founding.email }
    private static let nobody = "01890a5d-ac96-774b-bcce-b302099a8057"

    private func post(_ path: String, _ body: JSON) -> Call { Call("POST", path, json: body.text) }

    private var rules: [Case] {
        let won = records.stages.first { $0.kind == "won" }?.id ?? ""
        return [
            Case("no such stage", post(deal + "/move", ["stage_id": .string(Self.nobody)]), 422),
            Case("a stage that is not open", post(deal + "/move", ["stage_id": .string(won)]), 422),
            Case("losing without a reason", post(deal + "/lose", [:]), 422, "body.invalid", pointer: "/lost_reason"),
            Case("a claimed e-mail", post("/api/v1/members", ["name": "Ann", "email": .string(owner)]), 409),
            Case(
                "a claimed e-mail of a contact",
                post("/api/v1/contacts", ["last_name": "X", "email": "LEE@example.com"]), 409),
            Case("a claimed slug", post("/api/v1/accounts", ["name": "X", "slug": "pumps"]), 409),
            Case("a claimed code", post("/api/v1/products", ["name": "X", "code": "P-1"]), 409),
            Case(
                "an account above itself",
                post("/api/v1/accounts/\(account)/set_parent", ["parent_id": .string(account)])),
            Case(
                "a deal of another's account",
                post("/api/v1/deals", ["title": "X", "account_id": .string(foreign["account"] ?? "")]), 422),
            Case(
                "an occurrence outside a batch",
                post("/api/v1/teams", ["name": "X", "occurred_at": "2020-01-01T00:00:00Z"]), 422, "body.invalid"),
            Case("a short password", Call("PUT", member + "/password", json: #"{"password":"short"}"#), 422),
            Case("an act of the server's own", post(member + "/password_changed", [:]), 404, "route_not_found"),
        ]
    }

    private var places: [Case] {
        let forked = [("Daybook-Min-Position", "1-0000000000000000")]
        return [
            Case("no such route", Call("GET", "/api/v1/nothing"), 404, "route_not_found"),
            Case("no such table", Call("GET", "/api/v1/tables/no_such"), 404),
            Case("a table out of sight", Call("GET", "/api/v1/tables/..%2Fevent"), 404),
            Case("a place of another history", Call("GET", deal, forked), 409, "log.forked"),
            Case(
                "a stale version", Call("PATCH", deal, [("If-Match", "\"9\"")], json: #"{"source":"fair"}"#), 412,
                "precondition.failed"),
            Case(
                "a replacement without its version", Call("PUT", deal, json: #"{"title":"X"}"#), 428,
                "precondition.required"),
        ]
    }

    // MARK: What must a batch refuse?

    private var batches: [Case] {
        func batch(_ commands: [JSON], atomic: Bool = false) -> Call {
            post("/api/v1/commands", ["atomic": .bool(atomic), "commands": .array(commands)])
        }
        func wrong(_ name: String, _ entity: String, _ command: String, _ more: [String: JSON], at member: String)
            -> Case
        {
            let members: [String: JSON] = ["entity": .string(entity), "command": .string(command)]
            return Case(
                "a batch: \(name)", batch([.object(members.merging(more) { $1 })]), 422, "body.invalid",
                pointer: "/commands/0/\(member)")
        }
        let nobody = JSON.string(Self.nobody)
        let new: [String: JSON] = ["entity": "team", "command": "create", "body": ["name": "X"]]
        let both: [String: JSON] = ["id": nobody, "external": ["source": "s", "id": "1"]]
        return [
            Case("an empty batch", batch([]), 422),
            Case("a batch of a thousand and one", batch(Array(repeating: [:], count: 1001)), 422),
            wrong("unknown member", "team", "create", ["no_such": 1], at: "no_such"),
            wrong("unknown entity", "no_such", "create", [:], at: "entity"),
            wrong("unknown command", "team", "no_such", [:], at: "command"),
            wrong("the server's own act", "member", "password_changed", ["id": nobody], at: "command"),
            wrong("a second organization", "organization", "create", ["body": ["name": "X"]], at: "command"),
            wrong("another organization", "organization", "edit", ["id": nobody], at: "id"),
            wrong("a set of fields by id", "field_set", "define", ["id": nobody, "body": [:]], at: "id"),
            wrong("an id for a new record", "team", "create", ["id": nobody], at: "id"),
            wrong("no record named", "team", "edit", ["body": [:]], at: "id"),
            wrong("two names for one", "team", "edit", both, at: "external"),
            wrong("a bad key", "team", "create", ["key": "a b"], at: "key"),
            Case(
                "an atomic batch with a key in it", batch([.object(new.merging(["key": "k"]) { $1 })], atomic: true),
                422,
                "body.invalid", pointer: "/commands/0/key"),
            Case(
                "an atomic batch from the future",
                batch([.object(new.merging(["occurred_at": "2999-01-01T00:00:00Z"]) { $1 })], atomic: true), 422,
                "time.in_future"),
        ]
    }

    // MARK: What must an import and a login refuse?

    private var imports: [Case] {
        let opening = "/api/v1/imports"
        func rows(_ id: String?, _ rows: JSON) -> Call { post("\(opening)/\(id ?? "")/rows", ["rows": rows]) }
        let own = records.ids["import"]
        return [
            Case("an import of another", rows(foreign["import"], [["a", "b"]]), 404, "import.not_found"),
            Case(
                "an import without a mapping", post(opening, ["header": ["a"]]), 422, "body.invalid",
                pointer: "/mapping"),
            Case("an import by a mapping that is none", post(opening, ["header": ["a"], "mapping": "- ["])),
            Case("no rows", rows(own, []), 422, "body.invalid", pointer: "/rows"),
            Case("a row too narrow", rows(own, [["a"]]), 422, "body.invalid", pointer: "/rows/0"),
            Case("a row of numbers", rows(own, [[1, 2]]), 422, "body.invalid", pointer: "/rows/0"),
        ]
    }

    private var logins: [Case] {
        func login(_ email: String) -> Call {
            post("/api/v1/auth/login", ["email": .string(email), "password": "wrong"])
        }
        return [
            Case("a login with the wrong password", login(owner), 401, isKnown: false),
            Case("a login of nobody", login("nobody@example.com"), 401, isKnown: false),
        ]
    }
}
