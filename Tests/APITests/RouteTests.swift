import Foundation
import HTTPTypes
import Kernel
import Testing

@testable import API
@testable import Application

/// Each route does what it is for, over a real socket and a real database.
@Suite(.serialized) struct RouteTests {
    @Test func `a record is made, read, changed, replaced, put away and taken out`() async throws {
        let tenant = try await House.shared.value.tenant()
        let made = try await tenant.post("/accounts", ["name": "Pumps Ltd", "slug": "Pumps"])
        #expect(made.status == 201)
        let id = try #require(made.json["id"]?.string)
        #expect(made["location"] == "/api/v1/accounts/\(id)")
        #expect(made["etag"] == "\"1\"")
        #expect(made["daybook-position"]?.hasPrefix("\(made.json["position"]?.integer ?? 0)-") == true)

        let read = try await tenant.get("/accounts/\(id)", min: made["daybook-position"])
        #expect(read.status == 200)
        #expect(read.json["name"] == "Pumps Ltd")
        #expect(read["etag"] == "\"1\"")
        #expect(read["daybook-position"] != nil)

        let path = "/accounts/\(id)"
        let changed = try await tenant.patch(path, ["industry": "machines"], [("If-Match", "\"1\"")])
        #expect(changed.status == 200)
        #expect(changed.json["version"] == 2)
        #expect(try await tenant.patch(path, ["industry": "tools"], [("If-Match", "\"1\"")]).status == 412)
        let merge = Call(
            "PATCH", "/api/v1" + path, [("Content-Type", "application/merge-patch+json")], Array(#"{"slug":null}"#.utf8)
        )
        #expect(try await tenant.send(merge).status == 200)

        let whole = #"{"name":"Pumps & Co"}"#
        #expect(try await tenant.send(Call("PUT", "/api/v1" + path, json: whole)).status == 428)
        let replaced = try await tenant.send(Call("PUT", "/api/v1" + path, [("If-Match", "*")], json: whole))
        #expect(replaced.status == 200)
        let after = try await tenant.get(path, min: replaced["daybook-position"])
        #expect(after.json["name"] == "Pumps & Co")
        #expect(after.json["industry"] ?? .null == .null)

        #expect(try await tenant.send(Call("DELETE", "/api/v1" + path)).status == 200)
        #expect(try await tenant.patch(path, ["industry": "x"]).json["code"] == "account.archived")
        #expect(try await tenant.post(path + "/restore").status == 200)
        #expect(try await tenant.send(Call("POST", "/api/v1\(path)/archive")).status == 200)
        let history = try await tenant.get(path + "/history")
        #expect(history.json["items"]?.array?.first?["type"] == "account.created")
    }

    @Test func `a person is told what is known, and is erased for ever`() async throws {
        let tenant = try await House.shared.value.tenant()
        let id = try await tenant.make("contacts", ["last_name": "Frobnitz", "email": "f@example.com"])
        let told = try await tenant.get("/persons/\(id)/export")
        #expect(told.status == 200)
        #expect(told.json["person"]?["record"]?["last_name"] == "Frobnitz", "\(told.text)")
        let owner = try await tenant.get("/persons/\(tenant.founding.owner.text)/export")
        #expect(owner.json["acted"]?["origins"]?.array?.first?["address"] == "127.0.0.1", "\(owner.text)")

        let erased = try await tenant.post("/persons/\(id)/erase")
        #expect(erased.status == 200)
        #expect(erased.json["new"] == true && erased.json["tables"] == "forgotten", "\(erased.text)")
        let row = try await tenant.get("/contacts/\(id)", min: erased["daybook-position"])
        #expect(!row.text.contains("Frobnitz") && !row.text.contains("f@example.com"), "\(row.text)")
        let refused = try await tenant.patch("/contacts/\(id)", ["title": "x"])
        #expect(refused.status == 410 && refused.json["code"] == "person.erased")
        #expect(try await tenant.post("/persons/\(id)/erase").json["new"] == false)
        #expect(try await tenant.post("/persons/\(id)/erase", ["now": true]).status == 422)
        #expect(try await tenant.get("/persons/42/export").json["code"] == "person.not_found")
    }

    @Test func `an address that another contact has is refused, or told with the answer and with its repeat`()
        async throws
    {
        let tenant = try await House.shared.value.tenant()
        let ann = try await tenant.post("/contacts", ["last_name": "Ann", "email": "office@acme.example"])
        let first = try #require(ann.json["id"]?.string)
        let unset = try await tenant.get("/organization", min: ann["daybook-position"])
        #expect(unset.json["email_policy"] == "reject")
        let body: JSON = ["last_name": "Bob", "email": "office@acme.example"]
        let refused = try await tenant.post("/contacts", body)
        #expect(refused.status == 409 && refused.json["existing_id"] == .string(first))
        let set = try await tenant.patch("/organization", ["email_policy": "warn"])
        #expect(set.status == 200)
        let told: JSON = [["code": "contact.email_taken", "existing_ids": [.string(first)]]]
        let taken = try await tenant.post("/contacts", body, [("Idempotency-Key", "bob")])
        #expect(taken.status == 201 && taken.json["warnings"] == told, "\(taken.text)")
        #expect(try await tenant.post("/contacts", body, [("Idempotency-Key", "bob")]).json == taken.json)
        let command: JSON = [
            "entity": "contact", "command": "create", "body": ["last_name": "Cem", "email": "office@acme.example"],
        ]
        for atomic in [true, false] {
            let batch = try await tenant.post("/commands", ["atomic": .bool(atomic), "commands": [command]])
            let warnings = batch.json["results"]?.array?.first?["warnings"]?.array
            #expect(warnings?.first?["code"] == "contact.email_taken", "\(batch.text)")
        }
        let read = try await tenant.get("/organization", min: set["daybook-position"])
        #expect(read.json["email_policy"] == "warn")
        #expect(try await tenant.patch("/organization", ["email_policy": "sometimes"]).status == 422)
    }

    @Test func `a pipeline begins with a template, is shared, and its deals are worth their lines in any currency`()
        async throws
    {
        let tenant = try await House.shared.value.tenant()
        let templates = try await tenant.get("/pipelines/templates").json["items"]?.array ?? []
        let words = templates.compactMap { $0["template"]?.string }
        #expect(words == ["ascendore", "trailtrack"])
        let pipeline = try await tenant.make("pipelines", ["name": "Partners", "template": .string(words[1])])
        let team = try await tenant.make("teams", ["name": "Partners"])
        let with: JSON = ["with": ["entity": "team", "id": .string(team)]]
        let shared = try await tenant.post("/pipelines/\(pipeline)/share", with)
        let read = try await tenant.get("/pipelines/\(pipeline)", min: shared["daybook-position"])
        #expect(read.json["stages"]?.array?.count == 6)
        #expect(read.json["shared_with"]?.array?.first?["name"] == "Partners")
        let found = try await tenant.get("/pipelines?shared_with=\(team)", min: shared["daybook-position"])
        #expect(found.json["items"]?.array?.count == 1)

        let product = try await tenant.make(
            "products", ["name": "Pump", "price": ["minor": 1000, "currency": "EUR"]])
        let base = try await tenant.get("/organization").json["currency"]
        let isBase = base == "EUR"
        if !isBase {
            let rate: JSON = ["currency": "EUR", "day": "2026-01-31", "rate": 2]
            #expect(try await tenant.post("/rates", rate).status == 201)
            let again = try await tenant.post("/rates", rate)
            #expect(again.status == 409 && again.json["code"] == "rate.day_taken", "\(again.text)")
        }
        let deal = try await tenant.make(
            "deals",
            ["title": "Pumps", "pipeline_id": .string(pipeline), "lines": [.string(product), .string(product)]])
        let line = try await tenant.post("/deals/\(deal)/add_line", ["product_id": .string(product), "quantity": 2])
        #expect(line.status == 200)
        let lined = try await tenant.get("/deals/\(deal)", min: line["daybook-position"])
        #expect(lined.json["amount"] == ["minor": 4000, "currency": "EUR"])
        #expect(lined.json["lines"]?.array?.count == 3)
        let board = try await tenant.get("/pipelines/\(pipeline)/board?base=true", min: line["daybook-position"])
        let first = board.json["stages"]?.array?.first
        #expect(first?["base_minor"]?.integer == (isBase ? 4000 : 8000), "\(board.text)")
        let forecast = try await tenant.get("/reports/forecast?rate_date=2026-01-30", min: line["daybook-position"])
        #expect(forecast.json["base"]?["missing"] == (isBase ? [] : ["EUR"]), "\(forecast.text)")
    }

    @Test func `a deal goes through its stages, and the board and the reports tell`() async throws {
        let tenant = try await House.shared.value.tenant()
        let records = try await Records(tenant)
        let deal = "/deals/\(records.ids["deal"] ?? "")"
        let open = records.stages.filter { $0.kind == "open" }
        #expect(try await tenant.post(deal + "/move", ["stage_id": .string(open[1].id)]).status == 200)
        #expect(try await tenant.post(deal + "/win").status == 200)
        #expect(try await tenant.post(deal + "/reopen").status == 200)
        #expect(try await tenant.post(deal + "/lose", ["reason": "price"]).status == 200)
        #expect(try await tenant.post(deal + "/reopen").status == 200)
        #expect(
            try await tenant.post(deal + "/assign", ["owner_id": .string(tenant.founding.owner.text)]).status == 200)
        let won = try await tenant.post(deal + "/win", ["actual_close": "2026-01-31"])
        #expect(won.status == 200)
        let place = won["daybook-position"]
        let report = try await tenant.get("/reports/deals?measure=won_amount&by=none", min: place)
        #expect(report.status == 200, "\(report.text)")
        #expect(report.json["rows"]?.array?.first?["value"] == 105400)
        #expect(try await tenant.get("/reports/overview", min: place).status == 200)
        let pipeline = try await tenant.get(deal, min: place).json["pipeline_id"]?.string ?? ""
        let board = try await tenant.get("/pipelines/\(pipeline)/board", min: place)
        #expect(board.status == 200, "\(board.text)")
        #expect(board["daybook-position"] != nil)
        let list = try await tenant.get("/deals?sort=-amount,title&limit=1&total=exact", min: place)
        #expect(list.json["total"] == 1, "\(list.text)")
        let table = try await tenant.get("/tables/deals", min: place)
        #expect(table.status == 200, "\(table.text)")
    }

    @Test func `fields of one's own are defined, used, revised and retired`() async throws {
        let tenant = try await House.shared.value.tenant()
        let defined = try await tenant.post(
            "/fields", ["entity": "account", "label": "Year established", "type": "number"])
        #expect(defined.status == 201, "\(defined.text)")
        #expect(defined["location"] == "/api/v1/fields")
        let account = try await tenant.post("/accounts", ["name": "A", "custom": ["year_established": 1990]])
        #expect(account.status == 201, "\(account.text)")
        #expect(try await tenant.post("/accounts", ["name": "B", "custom": ["unheard_of": 1]]).status == 422)
        let revised = try await tenant.post(
            "/fields/revise", ["entity": "account", "key": "year_established", "label": "Year"])
        #expect(revised.status == 200, "\(revised.text)")
        let list = try await tenant.get("/fields", min: revised["daybook-position"])
        #expect(list.status == 200)
        #expect(list.text.contains("year_established"), "\(list.text)")
        #expect(
            try await tenant.post("/fields/retire", ["entity": "account", "key": "year_established"]).status == 200)
    }

    @Test func `a whole list is sent as a file, piece by piece, and what is wrong with it is told before`() async throws
    {
        let tenant = try await House.shared.value.tenant()
        _ = try await tenant.post("/fields", ["entity": "account", "label": "Fee", "type": "money"])
        _ = try await tenant.make(
            "accounts", ["name": "=Acme", "custom": ["fee": ["minor": 1234, "currency": "EUR"]]])
        let made = try await tenant.post("/accounts", ["name": "Beta, Inc", "website": "beta.example"])
        let place = made["daybook-position"]
        let sheet = try await tenant.get(
            "/accounts/export?fields=name,website,custom&sort=name", min: place)
        #expect(sheet.status == 200 && sheet["content-type"] == "text/csv; charset=utf-8", "\(sheet.text)")
        #expect(sheet["content-disposition"] == "attachment; filename=\"accounts.csv\"")
        #expect(sheet["daybook-position"] != nil)
        #expect(
            sheet.text == """
                name,website,custom.fee,custom.fee.currency
                '=Acme,,12.34,EUR
                "Beta, Inc",https://beta.example,,

                """)
        let lines = try await tenant.get("/accounts/export?format=jsonl&fields=name&name=%3DAcme", min: place)
        #expect(lines.text == "{\"name\":\"=Acme\"}\n" && lines["content-type"] == "application/jsonl")
        for wrong in ["limit=5", "format=xlsx", "colour=red", "cursor=x", "name=a&name=b"] {
            let refused = try await tenant.get("/accounts/export?\(wrong)")
            #expect(refused.status == 400 && refused["content-type"] == "application/problem+json", "\(wrong)")
        }
        #expect(try await tenant.anonymously(Call("GET", "/api/v1/accounts/export")).status == 401)
        let described = try await tenant.get("/openapi.json").json["paths"]?["/api/v1/deals/export"]?["get"]
        #expect(described?["responses"]?["200"]?["content"]?["text/csv"] != nil)
    }

    @Test func `one signs in and out, and a new password ends what was open`() async throws {
        let tenant = try await House.shared.value.tenant()
        func login(_ password: String) async throws -> Wire.Answer {
            let body: JSON = ["email": .string(tenant.founding.email), "password": .string(password)]
            return try await tenant.anonymously(Call("POST", "/api/v1/auth/login", json: body.text))
        }
        let session = try await login("long enough 1")
        #expect(session.status == 200, "\(session.text)")
        #expect(session.json["organization"] == .string(tenant.organization.text))
        #expect(session.json["expires_at"]?.string.flatMap { Instant($0) } != nil)
        #expect(try await login("wrong password").status == 401)
        let token = try #require(session.json["token"]?.string)
        let me = try await tenant.send(Call("GET", "/api/v1/me"), as: token)
        #expect(me.json["role"] == "owner", "\(me.text)")
        #expect(me.json["member"] == .string(tenant.founding.owner.text))
        #expect(try await tenant.send(Call("POST", "/api/v1/auth/logout"), as: token).status == 204)
        #expect(try await tenant.send(Call("GET", "/api/v1/me"), as: token).status == 401)
        let path = "/api/v1/members/\(tenant.founding.owner.text)/password"
        let changed = try await tenant.send(Call("PUT", path, json: #"{"password":"quite another"}"#))
        #expect(changed.status == 200, "\(changed.text)")
        #expect(try await tenant.get("/me").status == 401)
        #expect(try await login("quite another").status == 200)
        #expect(
            !(try await House.shared.value).lines.all.contains { $0.contains("quite another") || $0.contains(token) })
    }

    @Test func `an owner lets somebody in, whose token is renewed`() async throws {
        let tenant = try await House.shared.value.tenant()
        let email = "mo-\(UUID().uuidString.lowercased())@example.com"
        func register(_ password: String, key: String, as token: String? = nil) async throws -> Wire.Answer {
            let body: JSON = ["name": "Mo", "email": .string(email), "role": "member", "password": .string(password)]
            let headers = [("Idempotency-Key", key)]
            return try await tenant.send(Call("POST", "/api/v1/auth/register", headers, json: body.text), as: token)
        }
        func login(_ password: String) async throws -> Wire.Answer {
            let body: JSON = ["email": .string(email), "password": .string(password)]
            return try await tenant.anonymously(Call("POST", "/api/v1/auth/login", json: body.text))
        }
        #expect(try await register("short", key: "r0").status == 422)
        let made = try await register("long enough 2", key: "r1")
        let id = try #require(made.json["id"]?.string)
        #expect(made.status == 201 && made["location"] == "/api/v1/members/\(id)", "\(made.text)")
        let token = try #require(try await login("long enough 2").json["token"]?.string)
        #expect(try await register("long enough 3", key: "r2").json["code"] == "member.email_taken")
        #expect(try await register("long enough 3", key: "r3", as: token).status == 403)
        // A repeat sets no password again.
        let password = Call("PUT", "/api/v1/members/\(id)/password", json: #"{"password":"quite another"}"#)
        #expect(try await tenant.send(password).status == 200)
        #expect(try await register("long enough 2", key: "r1").json["id"] == .string(id))
        #expect(try await login("long enough 2").status == 401)

        let first = try #require(try await login("quite another").json["token"]?.string)
        let renewed = try await tenant.send(Call("POST", "/api/v1/auth/refresh"), as: first)
        let second = try #require(renewed.json["token"]?.string)
        #expect(renewed.json["member"] == .string(id))
        #expect(try await tenant.send(Call("GET", "/api/v1/me"), as: first).status == 401)
        #expect(try await tenant.send(Call("GET", "/api/v1/me"), as: second).status == 200)
        #expect(try await tenant.anonymously(Call("POST", "/api/v1/auth/refresh")).status == 401)
    }

    @Test func `the organization is the caller's own`() async throws {
        let tenant = try await House.shared.value.tenant()
        let changed = try await tenant.patch("/organization", ["name": "Renamed"])
        #expect(changed.status == 200, "\(changed.text)")
        let read = try await tenant.get("/organization", min: changed["daybook-position"])
        #expect(read.json["name"] == "Renamed", "\(read.text)")
        #expect(try await tenant.get("/organization/history").json["items"]?.array?.count == 3)
    }

    @Test func `of many commands each has its own result, or all are one unit`() async throws {
        let tenant = try await House.shared.value.tenant()
        func command(_ name: String, _ more: [String: JSON] = [:]) -> JSON {
            .object(["entity": "account", "command": "create", "body": ["name": .string(name)]].merging(more) { $1 })
        }
        let missing: JSON = ["entity": "account", "command": "edit", "id": .string(UUID().text), "body": ["name": "X"]]
        let apart = try await tenant.post(
            "/commands", ["commands": [command("A"), missing, command("B", ["external": ["source": "s", "id": "1"]])]])
        #expect(apart.status == 200)
        let results = apart.json["results"]?.array ?? []
        #expect(results.map { $0["status"] } == [201, 404, 201])
        #expect(results[1]["code"] == "account.not_found")
        let found = try await tenant.get("/accounts?external_id=s:1", min: apart["daybook-position"])
        #expect(found.json["items"]?.array?.first?["name"] == "B", "\(found.text)")

        let before = try await tenant.house.head(of: tenant.organization)
        let failed = try await tenant.post("/commands", ["atomic": true, "commands": [command("C"), missing]])
        #expect(failed.status == 404)
        #expect(try await tenant.house.head(of: tenant.organization) == before)
        let together = try await tenant.post("/commands", ["atomic": true, "commands": [command("C"), command("D")]])
        let positions = Set((together.json["results"]?.array ?? []).compactMap { $0["position"]?.integer })
        #expect(positions.count == 1, "\(together.text)")
    }

    @Test func `a batch repeated under its key changes nothing and answers the same`() async throws {
        let tenant = try await House.shared.value.tenant()
        let body: JSON = ["commands": [["entity": "team", "command": "create", "body": ["name": "A"]]]]
        let first = try await tenant.post("/commands", body, [("Idempotency-Key", "k1")])
        let again = try await tenant.post("/commands", body, [("Idempotency-Key", "k1")])
        #expect(first.json == again.json)
        let one = try await tenant.post("/teams", ["name": "B"], [("Idempotency-Key", "k2")])
        #expect(try await tenant.post("/teams", ["name": "B"], [("Idempotency-Key", "k2")]).json == one.json)
        let other = try await tenant.post("/teams", ["name": "C"], [("Idempotency-Key", "k2")])
        #expect(other.status == 422)
        #expect(other.json["code"] == "idempotency.key_reused")
    }

    @Test func `rows are imported once, however often they are sent`() async throws {
        let tenant = try await House.shared.value.tenant()
        let opened = try await tenant.post("/imports", Records.opening)
        #expect(opened.status == 201, "\(opened.text)")
        let id = try #require(opened.json["id"]?.string)
        #expect(opened["location"] == "/api/v1/imports/\(id)")
        let rows: JSON = ["rows": [["Pump", "P"], ["Valve", "V"]]]
        let taken = try await tenant.post("/imports/\(id)/rows", rows)
        #expect(taken.json["accepted"] == 2, "\(taken.text)")
        let head = try await tenant.house.head(of: tenant.organization)
        #expect(try await tenant.post("/imports/\(id)/rows", rows).json["unchanged"] == 2)
        #expect(try await tenant.house.head(of: tenant.organization) == head)
        let found = try await tenant.get("/products?external_id=test:pump", min: head.text)
        #expect(found.json["items"]?.array?.first?["name"] == "Pump", "\(found.text)")
        let history = try await tenant.get(
            "/products/\(found.json["items"]?.array?.first?["id"]?.string ?? "")/history")
        #expect(history.text.contains("\"channel\":\"import\""), "\(history.text)")
    }

    @Test func `health and metrics tell how the server is`() async throws {
        let tenant = try await House.shared.value.tenant()
        let health = try await tenant.anonymously(Call("GET", "/health"))
        #expect(health.status == 200, "\(health.text)")
        #expect(health.json["database"] == "ok")
        #expect(health.json["projections"]?.array?.isEmpty == false)
        #expect(health.json["refused_heads"] == 0)
        let metrics = try await tenant.anonymously(Call("GET", "/metrics"))
        #expect(metrics["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
        #expect(metrics.text.contains("process_resident_memory_bytes "))
        #expect(metrics.text.contains("daybook_signer_refused_heads 0.0\n"))
        #expect(metrics.text.contains("daybook_projection_lag_events{projection="))
    }

    @Test func `every route is described, and every description is a route`() async throws {
        let house = try await House.shared.value
        let tenant = try await house.tenant()
        let document = try await tenant.anonymously(Call("GET", "/api/v1/openapi.json")).json
        #expect(document["openapi"] == "3.1.0")
        let described = (document["paths"]?.object ?? [:]).flatMap { path, methods in
            (methods.object ?? [:]).keys.map { "\($0.uppercased()) \(path)" }
        }
        #expect(Set(described) == Set(house.routes.map { "\($0.method.rawValue) \($0.path)" }))
        #expect(described.count == house.routes.count)
        let identifiers = (document["paths"]?.object ?? [:]).values.flatMap { ($0.object ?? [:]).values }
            .compactMap { $0["operationId"]?.string }
        #expect(Set(identifiers).count == described.count)
        for reference in document.text.matches(of: /"#\/components\/schemas\/([A-Za-z]+)"/) {
            #expect(document["components"]?["schemas"]?[String(reference.1)] != nil)
        }
        #expect(described.contains("POST /api/v1/deals/{id}/win"))
        #expect(!described.contains { $0.contains("password_changed") || $0.contains("field_sets") })
    }
}
