import Application
import CRM
import Foundation
import HTTPTypes
import Kernel
import Testing

@testable import API

/// Each source is answered under its own paths, in its own words, with what the canonical routes answer.
@Suite(.serialized) struct DialectTests {
    @Test func `every endpoint that a source names is answered, or it is said why not`() {
        for (dialect, text) in zip(Dialect.all, [Named.platformConsole, Named.ascendore, Named.trailtrack]) {
            let prefix = dialect.prefix == "/admin" ? "" : dialect.prefix
            let named = Named.all(text, below: prefix)
            let rows = dialect.rows.map { "\($0.method.rawValue) \(dialect.prefix)\($0.path)" }
            let gaps = dialect.gaps.map { "\($0.method.rawValue) \(dialect.prefix)\($0.path)" }
            // What runs the server is nobody's dialect.
            let atRoot = named.filter { $0.hasSuffix("/health") || $0.hasSuffix("/metrics") && !$0.contains("{id}") }
            #expect(Set(rows + gaps) == named.subtracting(atRoot), "\(dialect.name)")
            #expect(rows.count + gaps.count == Set(rows + gaps).count)
            for row in dialect.rows {
                for target in row.targets {
                    guard let name = target.vocabulary else { continue }
                    let isOurs = entities.contains { $0.name == name } || ["timeline", "overview"].contains(name)
                    #expect(dialect.vocabularies[name] != nil || isOurs, "\(dialect.name): \(name)")
                }
            }
        }
        let counts = [Named.platformConsole, Named.ascendore, Named.trailtrack].map { Named.all($0).count }
        #expect(counts == [33, 54, 32])
    }

    @Test func `what is not there is not found`() async throws {
        let (tenant, _) = try await Tenant.ofDialects()
        for dialect in Dialect.all {
            for gap in dialect.gaps {
                let path = dialect.prefix + gap.path.replacing("{id}", with: UUID().uuidString.lowercased())
                let answer = try await tenant.send(Call(gap.method.rawValue, path))
                #expect(answer.status == 404 && answer.json["code"] == "route_not_found", "\(path)")
            }
        }
    }

    // MARK: Does what is asked say the same?

    @Test func `every question answers what the canonical one does, under the source's names`() async throws {
        let (tenant, ids) = try await Tenant.ofDialects()
        let head = try await tenant.house.head(of: tenant.organization).position
        let min = [("Daybook-Min-Position", String(head))]
        var asked = 0
        for dialect in Dialect.all {
            for row in dialect.rows where row.method == .get {
                for target in row.targets {
                    let segment = target.path.split(separator: "/").first.map(String.init) ?? ""
                    let id = entities.first { $0.plural == segment }.flatMap { ids[$0.name] } ?? ""
                    let query = target.condition.map { "?\($0.member)=\($0.words[0])" }
                    let path = row.path.replacing("{id}", with: id) + (query ?? "")
                    let theirs = try await tenant.send(Call("GET", dialect.prefix + path, min))
                    let ours = try await tenant.get(target.path.replacing("{id}", with: id), min: String(head))
                    #expect(theirs.status == 200, "\(dialect.name) \(path): \(theirs.text)")
                    #expect(theirs["daybook-position"] == ours["daybook-position"], "\(path)")
                    check(dialect, target, theirs.json, ours.json, path)
                    asked += 1
                }
            }
        }
        #expect(asked >= 50)
    }

    /// Each member of ours stands under its name or under the source's, and nothing is lost.
    private func check(_ dialect: Dialect, _ target: Dialect.Target, _ theirs: JSON, _ ours: JSON, _ what: String) {
        let vocabulary = dialect.vocabulary(target.vocabulary)
        if let items = ours["items"]?.array {
            #expect(theirs["items"]?.array?.count == items.count, "\(what)")
            #expect(theirs["next"] == ours["next"], "\(what)")
            for (a, b) in zip(theirs["items"]?.array ?? [], items) { check(vocabulary, a, b, what) }
        } else if let profile = target.profile {
            check(vocabulary, theirs, ours[profile] ?? .null, what)
            for part in target.parts {
                let (a, b) = (theirs[part.theirs]?["items"]?.array ?? [], ours[part.ours]?["items"]?.array ?? [])
                #expect(a.count == b.count, "\(what) \(part.theirs)")
                for (a, b) in zip(a, b) { check(dialect.vocabulary(part.vocabulary), a, b, "\(what) \(part.theirs)") }
            }
        } else if target.parts.isEmpty {
            check(vocabulary, theirs, ours, what)
        } else {
            for part in target.parts { #expect(theirs[part.theirs] != nil && theirs[part.ours] == nil, "\(what)") }
        }
    }

    private func check(_ vocabulary: Vocabulary, _ theirs: JSON, _ ours: JSON, _ what: String) {
        for (name, value) in ours.object ?? [:] {
            let terms = vocabulary.terms.filter { $0.shown.first == name }
            if terms.isEmpty {
                // A name that the source gives to something else is that.
                guard vocabulary.term(name) == nil else { continue }
                #expect(theirs[name]?.text == value.text, "\(what): \(name)")
            }
            for term in terms { check(term, theirs, value, of: ours, what) }
            let isTwice = !terms.isEmpty && theirs[name] != nil && vocabulary.term(name) == nil
            #expect(!isTwice, "\(what): \(name) is told twice")
        }
    }

    /// Whether the source is told the same value, as it says such ones.
    private func check(_ term: Term, _ theirs: JSON, _ value: JSON, of ours: JSON, _ what: String) {
        let told = theirs[term.theirs]
        let place = "\(what): \(term.theirs)"
        func word(_ value: JSON?, _ words: [String: String]) -> JSON? {
            value?.string.flatMap { words[$0] }.map { .string($0) } ?? value
        }
        switch term.form {
        case .same, .shown, .acts:
            #expect(told == (term.shown.count == 2 ? value[term.shown[1]] ?? .null : value), "\(place)")
        case .words(let words): #expect(told == word(value, words), "\(place)")
        case .money(let unit, let currency):
            #expect(theirs[currency] == value["currency"] ?? .null, "\(place)")
            guard unit == .decimal, let money = Money(value) else {
                #expect(told == value["minor"] ?? .null, "\(place)")
                return
            }
            let unit = [1, 10, 100, 1_000][money.currency.exponent]
            #expect(told?.text == "\(Double(money.minor) / Double(unit))".replacing(/\.0$/, with: ""), "\(place)")
        case .about(let entity, let beside):
            let id = value["entity"] == .string(entity) ? value["id"] : nil
            #expect(told == beside.flatMap { ours[$0] } ?? id ?? .null, "\(place)")
        case .record(let id, _, let words):
            // Where a name of one kind tells it, that is enough.
            guard told != nil || theirs[id] != nil else { return }
            #expect(told == word(value["entity"], words) ?? .null && theirs[id] == value["id"] ?? .null, "\(place)")
        case .stage(let spelling):
            #expect(told == value.string.map { .string(spelling.write($0)) } ?? .null, "\(place)")
        case .event(let words):
            let event = value.string?.split(separator: ".").last.map { JSON.string(String($0)) }
            #expect(told == word(event, words), "\(place)")
        case .always(let word): #expect(told == .string(word), "\(place)")
        case .contacts, .dueBefore: break
        }
    }

    // MARK: Do names go there and back?

    @Test func `what is sent in a source's words is kept in ours, reads back the same, and sent again changes nothing`()
        async throws
    {
        let (tenant, ids) = try await Tenant.ofDialects()
        let samples = Sample.all(ids)
        for sample in samples {
            let dialect = try #require(Dialect.all.first { $0.name == sample.dialect })
            let what = "\(dialect.prefix)\(sample.path)"
            let made = try await tenant.send(Call("POST", what, json: sample.body.text))
            #expect(made.status == 201, "\(what): \(made.text)")
            let id = made.json["id"]?.string ?? ""
            let min = made["daybook-position"] ?? ""

            let ours = try await canonical(dialect, sample.path, id, tenant, min: min)
            for (name, value) in sample.ours.object ?? [:] {
                #expect(ours[name] == value, "\(what) → \(name): \(ours.text)")
            }
            guard let read = dialect.rows.first(where: { $0.method == .get && $0.path == sample.path + "/{id}" }) else {
                continue
            }
            let page = dialect.prefix + read.path.replacing("{id}", with: id)
            #expect(made["location"] == page, "\(what)")
            let theirs = try await tenant.send(Call("GET", page, [("Daybook-Min-Position", min)]))
            for (name, value) in sample.body.object ?? [:] {
                let back = theirs.json[name]
                #expect(back == value, "\(what): \(name) came back as \(back?.text ?? "nothing")")
            }
            try await again(dialect, sample, page, theirs, tenant)
        }
        #expect(Set(samples.map(\.path)).count >= 11)
    }

    private func canonical(
        _ dialect: Dialect, _ path: String, _ id: String, _ tenant: Tenant, min: String
    ) async throws -> JSON {
        let row = dialect.rows.first { $0.path == path && $0.method == .post }
        for target in row?.targets ?? [] {
            let plural = target.path.split(separator: "/")[0]
            let answer = try await tenant.get("/\(plural)/\(id)", min: min)
            if answer.status == 200 { return answer.json }
        }
        return .null
    }

    /// What was read is sent as an edit: nothing has changed.
    private func again(
        _ dialect: Dialect, _ sample: Sample, _ page: String, _ read: Wire.Answer, _ tenant: Tenant
    ) async throws {
        for route in tenant.house.routes where route.path == dialect.prefix + sample.path + "/{id}" {
            guard route.method == .put || route.method == .patch else { continue }
            let names = Set(route.takes.map(\.name))
            // Of what has no value a document shows an empty one, and when something took place is told by its event:
            // said aloud, both would be news.
            let unsaid: Set<JSON> = [.null, [], [:]]
            let isLogged = sample.path == "/activities" && dialect.name == "TrailTrack CRM"
            let body = (read.json.object ?? [:]).filter { name, value in
                names.contains(name) && !unsaid.contains(value) && !(isLogged && name == "occurred_at")
            }
            #expect(!body.isEmpty)
            let sent = try await tenant.send(
                Call(route.method.rawValue, page, [("If-Match", "*")], json: JSON.object(body).text))
            #expect(sent.status == 200, "\(route.method) \(page): \(sent.text)")
            #expect(sent.json["version"] == read.json["version"], "\(route.method) \(page) changed something")
        }
    }

    // MARK: What is refused, and in whose words?

    @Test func `what is refused is refused with the source's name`() async throws {
        let (tenant, ids) = try await Tenant.ofDialects()
        for sample in Sample.all(ids) {
            let dialect = try #require(Dialect.all.first { $0.name == sample.dialect })
            var body = sample.body.object ?? [:]
            body[sample.wrong.member] = sample.wrong.value
            let refused = try await tenant.send(
                Call("POST", dialect.prefix + sample.path, json: JSON.object(body).text))
            let errors = refused.json["errors"]?.array ?? []
            #expect(refused.status == 422, "\(sample.path): \(refused.text)")
            #expect(errors.contains { $0["pointer"] == .string(sample.wrong.pointer) }, "\(refused.text)")
        }
        for route in tenant.house.routes where route.origin != nil && !route.takes.isEmpty {
            // Of a file that is sent by itself nothing is a member.
            if case .upload = route.body { continue }
            let path = route.path.replacing("{id}", with: UUID().uuidString.lowercased())
            let answer = try await tenant.send(
                Call(route.method.rawValue, path, [("If-Match", "*")], json: #"{"colour_of_the_sky":1}"#))
            let isNamed = answer.json["errors"]?.array?.first?["pointer"] == "/colour_of_the_sky"
            #expect(isNamed || answer.status == 404, "\(route.method) \(path): \(answer.text)")
        }
        let hidden = try await tenant.send(Call("POST", "/api/v1/a-crm/deals", json: #"{"title":"x"}"#))
        #expect(hidden.json["errors"]?.array?.first?["pointer"] == "/title", "\(hidden.text)")
        let missing = try await tenant.send(Call("POST", "/api/v1/a-crm/deals", json: "{}"))
        #expect(missing.json["errors"]?.array?.first?["pointer"] == "/name", "\(missing.text)")
        #expect(missing.json["errors"]?.array?.first?["detail"] == "name must be given", "\(missing.text)")
        let unknown = try await tenant.send(Call("GET", "/api/v1/trailtrack/leads?amount=5"))
        #expect(unknown.status == 400 && unknown.json["parameter"] == "amount", "\(unknown.text)")
        #expect(unknown.json["detail"] == "There is no parameter amount here. It is called value_cents.")
        let wrong = try await tenant.send(Call("GET", "/api/v1/a-crm/companies?company_status=asleep"))
        #expect(wrong.status == 400 && wrong.json["parameter"] == "company_status", "\(wrong.text)")
        #expect(wrong.json["detail"]?.string?.contains("lifecycle") == false, "\(wrong.text)")
    }

    // MARK: What else do the sources do?

    @Test func `lists are filtered and paged by the source's names`() async throws {
        let (tenant, ids) = try await Tenant.ofDialects()
        let account = ids["account"] ?? ""
        let lead: JSON = [
            "title": "Valves", "account_id": .string(account), "pipeline_id": .string(ids["trailtrack"] ?? ""),
            "stage": "New", "value_cents": 900,
        ]
        let made = try await tenant.send(Call("POST", "/api/v1/trailtrack/leads", json: lead.text))
        let task: JSON = [
            "linked_type": "account", "linked_id": .string(account), "title": "Ring",
            "due_at": "2027-01-05T10:00:00Z",
        ]
        let last = try await tenant.send(Call("POST", "/api/v1/trailtrack/tasks", json: task.text))
        #expect(made.status == 201 && last.status == 201, "\(made.text) \(last.text)")
        let min = [("Daybook-Min-Position", last["daybook-position"] ?? "")]
        let (trail, crm) = ("/api/v1/trailtrack", "/api/v1/a-crm")
        let questions = [
            ("\(trail)/leads?stage=new&owner_id.null=true", 1), ("\(trail)/leads?value_cents.gte=900&page=1", 2),
            ("\(trail)/leads?status=closed_won", 0), ("\(trail)/leads?q=valves", 1),
            ("\(trail)/tasks?due_before=2027-01-06", 1), ("\(trail)/tasks?due_before=2027-01-05T09:00:00Z", 0),
            ("\(trail)/activities?account_id=\(account)", 1), ("\(crm)/deals?amount.lte=9&company_id=\(account)", 1),
            ("\(crm)/deals?sort=-expected_close_date&stage=new", 1),
            ("\(crm)/companies?company_status=lead&fields=id,company_status", 1),
            ("\(crm)/tasks?related_to_type=company&related_to_id=\(account)", 2),
            ("/admin/customers?status=lead&search=pumps&size=5&page=1", 1), ("/admin/deals?customer_id=\(account)", 1),
            ("/admin/activities?type=task", 2), ("/admin/me/activities?limit=5", 2),
        ]
        for (path, count) in questions {
            let answer = try await tenant.send(Call("GET", path, min))
            #expect(answer.json["items"]?.array?.count == count, "\(path): \(answer.text)")
        }
    }

    @Test func `a deal is moved, won, reopened and lost by the name of a stage`() async throws {
        let (tenant, ids) = try await Tenant.ofDialects()
        let body: JSON = ["name": "Pumps", "pipeline_id": .string(ids["ascendore"] ?? "")]
        let made = try await tenant.send(Call("POST", "/api/v1/a-crm/deals", json: body.text))
        let id = made.json["id"]?.string ?? ""
        func put(_ body: JSON) async throws -> Wire.Answer {
            try await tenant.send(Call("PUT", "/api/v1/a-crm/deals/\(id)/stage", json: body.text))
        }
        func patch(_ prefix: String, _ body: JSON) async throws -> Wire.Answer {
            try await tenant.send(Call("PATCH", "\(prefix)/\(id)", json: body.text))
        }
        func status(_ after: Wire.Answer) async throws -> [JSON?] {
            let deal = try await tenant.get("/deals/\(id)", min: after["daybook-position"])
            return [deal.json["stage_name"], deal.json["status"]]
        }
        let moved = try await put(["stage": "proposal"])
        #expect(moved.status == 200, "\(moved.text)")
        #expect(try await status(moved) == ["Proposal", "open"])
        let reasonless = try await put(["stage": "closed_lost"])
        #expect(reasonless.status == 422, "\(reasonless.text)")
        #expect(reasonless.json["errors"]?.array?.first?["pointer"] == "/lost_reason", "\(reasonless.text)")
        let lost = try await put(["stage": "closed_lost", "lost_reason": "Price"])
        #expect(try await status(lost) == ["Closed Lost", "lost"], "\(lost.text)")
        let reopened = try await patch("/api/v1/trailtrack/leads", ["stage": "Negotiation"])
        #expect(try await status(reopened) == ["Negotiation", "open"], "\(reopened.text)")
        let key = [("Idempotency-Key", "win-\(id)")]
        let win = Call("PATCH", "/admin/deals/\(id)", key, json: #"{"stage":"Closed Won","title":"Twelve pumps"}"#)
        let won = try await tenant.send(win)
        #expect(try await status(won) == ["Closed Won", "won"], "\(won.text)")
        #expect(try await tenant.get("/deals/\(id)").json["title"] == "Twelve pumps")
        #expect(try await tenant.send(win).json == won.json)
        let nowhere = try await put(["stage": "limbo"])
        #expect(nowhere.status == 422 && nowhere.text.contains("closed_won"), "\(nowhere.text)")
        #expect(try await tenant.send(Call("DELETE", "/api/v1/a-crm/deals/\(id)")).status == 200)
        let gone = try await tenant.get("/deals/\(id)/history")
        #expect(gone.json["items"]?.array?.last?["type"] == "deal.archived", "\(gone.text)")
    }

    @Test func `a status that acts tell is changed by its word`() async throws {
        let (tenant, ids) = try await Tenant.ofDialects()
        func put(_ path: String, _ body: JSON, match: String? = "*") async throws -> Wire.Answer {
            try await tenant.send(
                Call("PUT", path, match.map { [("If-Match", $0)] } ?? [], json: body.text))
        }
        let campaign = "/api/v1/a-crm/campaigns/\(ids["campaign"] ?? "")"
        let unseen = try await put(campaign, ["name": "S", "campaign_type": "email", "status": "active"], match: nil)
        #expect(unseen.status == 428, "\(unseen.text)")
        for status in ["active", "paused", "active", "completed"] {
            let answer = try await put(
                campaign, ["name": "Spring", "campaign_type": "email", "status": .string(status)])
            let read = try await tenant.send(
                Call("GET", campaign, [("Daybook-Min-Position", answer["daybook-position"] ?? "")]))
            #expect(read.json["status"] == .string(status), "\(answer.text)")
        }
        let project = "/api/v1/a-crm/projects/\(ids["project"] ?? "")"
        let held = try await put(project, ["name": "Rollout", "project_status": "on_hold"])
        let read = try await tenant.send(
            Call("GET", project, [("Daybook-Min-Position", held["daybook-position"] ?? "")]))
        #expect(read.json["project_status"] == "on_hold", "\(held.text)")
        let contact = ids["contact"] ?? ""
        let enrolled = try await tenant.send(
            Call("POST", "\(campaign)/contacts", json: JSON.object(["contact_ids": [.string(contact)]]).text))
        #expect(enrolled.status == 200, "\(enrolled.text)")
        let task = ids["task"] ?? ""
        let done = try await put("/api/v1/a-crm/tasks/\(task)/complete", [:], match: nil)
        #expect(done.status == 200, "\(done.text)")
        let plan: JSON = [
            "type": "call", "title": "Ring", "status": "scheduled", "due_at": "2027-01-05T10:00:00Z",
            "customer_id": .string(ids["account"] ?? ""),
        ]
        let planned = try await tenant.send(Call("POST", "/admin/activities", json: plan.text))
        let page = "/admin/activities/\(planned.json["id"]?.string ?? "")"
        let cancelled = try await tenant.send(Call("PATCH", page, json: #"{"status":"cancelled"}"#))
        let after = try await tenant.send(
            Call("GET", page, [("Daybook-Min-Position", cancelled["daybook-position"] ?? "")]))
        #expect(after.json["status"] == "cancelled", "\(cancelled.text) \(after.text)")
        #expect(try await tenant.send(Call("GET", "/admin/activities/\(UUID().uuidString)")).status == 404)
    }

    @Test func `a customer's page is its profile with what belongs to it, and a contact of its own is entered there`()
        async throws
    {
        let (tenant, ids) = try await Tenant.ofDialects()
        let page = "/admin/customers/\(ids["account"] ?? "")"
        let entered = try await tenant.send(
            Call("POST", "\(page)/contacts", json: #"{"last_name":"Ray","email":"ray@pumps.example"}"#))
        #expect(entered.status == 201, "\(entered.text)")
        let min = [("Daybook-Min-Position", entered["daybook-position"] ?? "")]
        let customer = try await tenant.send(Call("GET", page, min))
        #expect(customer.json["name"] == "Pumps Ltd" && customer.json["status"] == "lead", "\(customer.text)")
        #expect(customer["etag"] == "\"1\"", "\(customer.headers)")
        let contacts = customer.json["contacts"]?["items"]?.array ?? []
        #expect(contacts.contains { $0["id"] == entered.json["id"] && $0["email"] == "ray@pumps.example" })
        let me = try await tenant.send(Call("GET", "/admin/me"))
        #expect(me.json["role"] == "admin", "\(me.text)")
    }
}
