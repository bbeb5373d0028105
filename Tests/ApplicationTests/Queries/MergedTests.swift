import CRM
import EventLog
import FoundationEssentials
import Kernel
import Projections
import Testing

@testable import Application

/// Two that are one stand once, whatever is asked, and are two again when that is taken back.
@Suite struct MergedTests {
    @Test
    func `two that are one stand once in lists, pages, reports and funnels, and as before when they are two again`()
        async throws
    {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let pairs = try await Pairs(house)
            func id(_ name: String, _ side: KeyPath<Pairs, [String: UUID]>) -> JSON {
                .string(pairs[keyPath: side][name]!.text)
            }
            let tag = try await house.ask("tag", .new, "define", ["name": "VIP"]).results[0].id
            let campaign = try await house.ask("campaign", .new, "plan", ["name": "C", "kind": "email"]).results[0].id
            for side in [\Pairs.losers, \Pairs.winners] {
                let (account, contact) = (id("account", side), id("contact", side))
                _ = try await house.ask(
                    "deal", .new, "open",
                    [
                        "title": "D", "account_id": account, "primary_contact_id": contact,
                        "amount": ["minor": 500, "currency": "EUR"],
                    ])
                for name in ["account", "contact"] {
                    _ = try await house.ask(
                        name, .id(pairs[keyPath: side][name]!), "tag", ["tags": [.string(tag.text)]])
                }
                _ = try await house.ask(
                    "campaign_member", .new, "enroll",
                    ["campaign_id": .string(campaign.text), "person": ["entity": "contact", "id": contact]])
                for other in [\Pairs.losers, \Pairs.winners] {
                    _ = try await house.ask(
                        "contact", .id(pairs[keyPath: side]["contact"]!), "affiliate",
                        ["account_id": id("account", other)])
                }
                _ = try await house.ask(
                    "note", .new, "write",
                    [
                        "text": "N", "subject": ["entity": "account", "id": account],
                    ])
                _ = try await house.ask(
                    "interaction", .new, "log",
                    ["kind": "call", "subject": ["entity": "account", "id": account], "contact_id": contact])
            }
            let before = try await tables(house)
            let moment = TestHouse.clock()
            for name in ["account", "contact", "lead"] { try await pairs.merge(name, house) }
            let head = try await house.head()
            let queries = house.daybook.queries

            for name in ["account", "contact", "lead"] {
                let (loser, winner) = (pairs.losers[name]!, pairs.winners[name]!)
                #expect(try await house.list(name, "archived=false").ids == [winner.text], "\(name)")
                #expect(try await house.list(name, "archived=any").ids.count == 2)
                let reply = try await queries.record(name, loser, by: house.owner, min: head)
                #expect(try reply.json["id"]?.string == winner.text && reply.winner == winner)
                // As of then they were two.
                let then = [Parameter("as_of", moment.text)]
                let one = try await queries.record(name, loser, then, by: house.owner, min: head)
                #expect(try one.json["id"]?.string == loser.text && one.winner == nil)
                let both = try await queries.list(name, then, by: house.owner, min: head).json.ids
                #expect(Set(both) == [loser.text, winner.text])
                let problem = await house.problem(name, .id(loser), "edit", ["description": "x"])
                #expect(problem?.code == "\(name).merged" && problem?.more["merged_into"]?.string == winner.text)
                let twice = await house.problem(name, .id(winner), "merge", ["loser": .string(loser.text)])
                #expect(twice == nil)
            }
            let (account, contact) = (pairs.winners["account"]!, pairs.winners["contact"]!)
            for asked in [account, pairs.losers["account"]!] {
                let page = try await queries.customerDetail(asked, [], by: house.owner, min: head).json
                #expect(page["account"]?["id"]?.string == account.text)
                #expect(page["deals"]?["open"]?["count"] == 2)
                #expect(page["open_deals"]?.items.count == 2 && page["contacts"]?.items.count == 1)
                #expect(page["notes"]?.items.count == 2)
                #expect(page["contacts"]?.items.first?["contact_id"]?.string == contact.text)
                for path in ["deals", "contacts", "notes"] {
                    #expect(
                        try await below("account", asked, path, house).items.count == (path == "contacts" ? 1 : 2))
                }
                let told = try await queries.timeline(
                    "account", asked, [Parameter("limit", "200")], by: house.owner, min: head
                ).json.items
                #expect(told.filter { $0["event"] == "account.created" }.count == 2)
                #expect(told.filter { $0["event"] == "deal.opened" }.count == 2)
                #expect(told.filter { $0["event"] == "account.took_over" }.count == 1)
            }
            #expect(try await below("contact", contact, "accounts", house).items.count == 1)
            #expect(try await below("contact", contact, "campaigns", house).items.count == 1)
            #expect(try await below("campaign", campaign, "members", house).items.count == 1)
            let counted = [Parameter("total", "exact"), Parameter("campaign_id", campaign.text)]
            #expect(
                try await queries.list("campaign_member", counted, by: house.owner, min: head).json["total"] == 1)
            #expect(try await queries.metrics(campaign, [], by: house.owner, min: head).json["members"] == 1)
            let report = try await queries.dealsReport(
                [Parameter("measure", "count"), Parameter("by", "account")], by: house.owner, min: head
            ).json.rows
            #expect(report.map { $0["key"]?.string } == [account.text] && report.first?["value"] == 2)
            #expect(report.first?["label"] == "New")
            let chosen = [Parameter("measure", "count"), Parameter("account_id", account.text)]
            #expect(try await queries.dealsReport(chosen, by: house.owner, min: head).json.rows.first?["value"] == 2)
            #expect(try await house.list("contact", "tag=VIP").ids == [contact.text])
            for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }

            for name in ["account", "contact", "lead"] {
                let (loser, winner) = (pairs.losers[name]!, pairs.winners[name]!)
                _ = try await house.ask(name, .id(winner), "unmerge", ["loser": .string(loser.text)])
            }
            let after = try await tables(house)
            for (name, rows) in after { #expect(rows == before[name], "\(name)") }
        }
    }

    @Test func `what happened with a lead that was merged stands with what the other lead became`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let pairs = try await Pairs(house)
            let (loser, winner) = (pairs.losers["lead"]!, pairs.winners["lead"]!)
            let subject: JSON = ["entity": "lead", "id": .string(loser.text)]
            _ = try await house.ask("interaction", .new, "log", ["kind": "call", "subject": subject])
            try await pairs.merge("lead", house)
            let converted = try await house.ask(
                "lead", .id(winner), "convert",
                ["account": ["name": "Acme"], "deal": ["title": "D"]])
            let head = try await house.head()
            for name in ["account", "contact", "deal"] {
                let id = try #require(converted.results[0].made.first { $0.entity == name }?.id, "\(name)")
                let told = try await house.daybook.queries.timeline(
                    name, id, [Parameter("limit", "200")], by: house.owner, min: head
                ).json.items
                #expect(told.count { $0["event"] == "lead.captured" } == 2, "\(name)")
                #expect(told.count { $0["event"] == "interaction.logged" } == 1, "\(name)")
            }
        }
    }

    private func below(_ entity: String, _ id: UUID, _ path: String, _ house: TestHouse) async throws -> JSON {
        let list = try #require(Sublist.all(entities).first { $0.entity == entity && $0.path == path })
        return try await house.daybook.queries.sublist(
            list, of: id, [], by: house.owner, min: try await house.head()
        ).json
    }

    /// All rows of what is merged and of what names it, without what tells of changes. What is nothing is not told
    /// apart: false, none, an empty map.
    private func tables(_ house: TestHouse) async throws -> [String: [JSON]] {
        var all: [String: [JSON]] = [:]
        let names = [
            "accounts", "contacts", "leads", "deals", "affiliations", "taggings", "campaign_members", "notes", "tasks",
            "interactions", "projects", "contact_documents", "account_documents", "lead_documents", "deal_documents",
            "affiliation_documents", "campaign_metrics",
        ]
        for name in names {
            let rows = try await house.daybook.queries.table(
                name, [Parameter("limit", "200")], by: house.owner, min: try await house.head()
            ).json.items
            all[name] = rows.map { row in
                .object(
                    (row.object ?? [:]).filter { key, value in
                        !["version", "position", "updated_at", "recorded_at"].contains(key)
                            && value != .null && value != false && value != [:]
                    })
            }.sorted { Array($0.bytes).lexicographicallyPrecedes($1.bytes) }
        }
        return all
    }

    @Test func `what is tried is what is done`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let one = try await house.ask("contact", .new, "create", ["last_name": "Lee", "email": "a@x.example"])
            let two = try await house.ask(
                "contact", .new, "create", ["first_name": "Ann", "email": "b@x.example", "phone": "+442079460018"])
            let (winner, loser) = (one.results[0].id, two.results[0].id)
            let body: JSON = ["loser": .string(loser.text), "fields": ["emails": "loser"]]
            let ask = Ask("contact", .id(winner), "merge", body)
            let tried = try await house.daybook.commands.execute([ask], by: house.owner, dryRun: true)
            let before = try await house.head()
            let done = try await house.daybook.commands.execute([ask], by: house.owner)
            #expect(tried.results == done.results)
            let log = try await house.daybook.reader.page(house.organization, after: before.position, limit: 100)
            #expect(tried.preview?.events.array?.compactMap { $0["type"]?.string } == log.map(\.type))
            let record = try await house.daybook.queries.record(
                "contact", winner, by: house.owner, min: try await house.head()
            ).json
            for (name, value) in tried.preview?.record.object ?? [:] {
                #expect(record[name] == value, "\(name)")
            }
            #expect(record["primary_email"] == "b@x.example" && record["name"] == "Ann Lee")
        }
    }

    @Test func `what is tried shows whom it names, and its tags, as the record will`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            func account(_ name: String, _ more: [String: JSON] = [:]) async throws -> UUID {
                try await house.ask("account", .new, "create", .object(more.merging(["name": .string(name)]) { $1 }))
                    .results[0].id
            }
            func contact(_ name: String, at account: UUID) async throws -> UUID {
                let body: JSON = ["last_name": .string(name), "affiliations": [.string(account.text)]]
                return try await house.ask("contact", .new, "create", body).results[0].id
            }
            let field: JSON = [
                "entity": "contact", "key": "mentor", "label": "Mentor", "type": "reference", "target": "contact",
            ]
            _ = try await house.ask("field_set", .id(FieldSet.id(of: "contact")), "define", field)
            let (parent, gone) = (try await account("Parent"), try await account("Gone"))
            let (winner, loser) = (
                try await account("Winner"), try await account("Loser", ["parent_id": .string(gone.text)])
            )
            let (one, other) = (try await contact("One", at: parent), try await contact("Other", at: gone))
            _ = try await house.ask("account", .id(parent), "merge", ["loser": .string(gone.text)])
            _ = try await house.ask("contact", .id(one), "edit", ["custom": ["mentor": .string(other.text)]])
            let tag = try await house.ask("tag", .new, "define", ["name": "Spring"]).results[0].id
            _ = try await house.ask("contact", .id(other), "tag", ["tags": [.string(tag.text)]])
            for (entity, id, act, body) in [
                ("account", winner, "merge", ["loser": .string(loser.text)]),
                ("contact", one, "merge", ["loser": .string(other.text)]),
                ("contact", one, "unmerge", ["loser": .string(other.text)]),
                ("account", winner, "unmerge", ["loser": .string(loser.text)]),
            ] as [(String, UUID, String, JSON)] {
                let tried = try await house.daybook.commands.execute(
                    [Ask(entity, .id(id), act, body)], by: house.owner, dryRun: true)
                let shown = try await house.daybook.queries.shown(
                    try #require(tried.preview), of: entity, by: house.owner, min: tried.position)
                _ = try await house.ask(entity, .id(id), act, body)
                let known = try await house.daybook.queries.record(
                    entity, id, by: house.owner, min: try await house.head()
                ).json
                for (name, value) in shown.object ?? [:] { #expect(known[name] == value, "\(act) \(name)") }
                #expect(shown["name"] ?? shown["last_name"] != nil)
            }
        }
    }

    @Test func `addresses go with the winner and come back, unless somebody took one meanwhile`() async throws {
        let house = try await TestHouse()
        func create(_ body: JSON) async throws -> UUID {
            try await house.ask("contact", .new, "create", body).results[0].id
        }
        let winner = try await create(["last_name": "Lee", "email": "a@x.example"])
        let loser = try await create(["last_name": "Lea", "email": "b@x.example"])
        let merge: JSON = ["loser": .string(loser.text)]
        _ = try await house.ask("contact", .id(winner), "merge", merge)
        let taken = await house.problem("contact", .new, "create", ["last_name": "Ray", "email": "b@x.example"])
        #expect(taken?.more["existing_id"]?.string == winner.text)
        _ = try await house.ask("contact", .id(winner), "remove_email", ["address": "b@x.example"])
        let other = try await create(["last_name": "Ray", "email": "b@x.example"])
        let refused = await house.problem("contact", .id(winner), "unmerge", merge)
        #expect(refused?.code == "contact.email_taken" && refused?.more["existing_id"]?.string == other.text)
        _ = try await house.ask("contact", .id(other), "archive", [:])
        _ = try await house.ask("contact", .id(winner), "unmerge", merge)
        let again = await house.problem("contact", .new, "create", ["last_name": "Ray", "email": "b@x.example"])
        #expect(again?.more["existing_id"]?.string == loser.text)
    }

    @Test func `chains end at the last, and who came along goes back with the one it was merged into`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            var ids: [UUID] = []
            for name in ["A", "B", "C"] {
                ids.append(try await house.ask("account", .new, "create", ["name": .string(name)]).results[0].id)
            }
            func merge(_ act: String, _ winner: Int, _ loser: Int) async -> String? {
                await house.problem("account", .id(ids[winner]), act, ["loser": .string(ids[loser].text)])?.code
            }
            func shown() async throws -> [String] {
                var names: [String] = []
                for id in ids {
                    let reply = try await house.daybook.queries.record(
                        "account", id, by: house.owner, min: try await house.head())
                    names.append(try reply.json["name"]?.string ?? "")
                }
                return names
            }
            #expect(await merge("merge", 1, 0) == nil)
            #expect(await merge("merge", 2, 1) == nil)
            #expect(try await shown() == ["C", "C", "C"])
            #expect(await merge("merge", 0, 2) == "account.merged")
            #expect(await merge("merge", 2, 0) == "account.loser_merged")
            #expect(await merge("unmerge", 2, 0) == "account.merged_along")
            #expect(await merge("unmerge", 2, 1) == nil)
            #expect(try await shown() == ["B", "B", "C"])
            #expect(await merge("unmerge", 1, 0) == nil)
            #expect(try await shown() == ["A", "B", "C"])
        }
    }

    @Test func `a person who was two records is erased and exported whole`() async throws {
        let house = try await TestHouse()
        var ids: [UUID] = []
        for name in ["Adamantia", "Frobnitz"] {
            ids.append(try await house.ask("contact", .new, "create", ["last_name": .string(name)]).results[0].id)
        }
        let merge: JSON = ["loser": .string(ids[1].text)]
        _ = try await house.ask("contact", .id(ids[0]), "merge", merge)
        let told = try await house.daybook.people.export(ids[0], by: house.owner).json
        #expect(told["also"] == [.string(ids[1].text)])
        #expect("\(told["events"] ?? .null)".contains("Frobnitz") && "\(told["events"] ?? .null)".contains("Adamantia"))
        // Whichever is asked, all are meant, with what names any of them.
        ids.append(try await house.ask("contact", .new, "create", ["last_name": "Gadget"]).results[0].id)
        let more: JSON = ["loser": .string(ids[2].text)]
        let subject: JSON = ["entity": "contact", "id": .string(ids[1].text)]
        _ = try await house.ask("note", .new, "write", ["text": "N", "subject": subject])
        _ = try await house.ask("contact", .id(ids[0]), "merge", more)
        let all = try await house.daybook.people.export(ids[2], by: house.owner).json
        #expect(Set(all["also"]?.array ?? []) == [.string(ids[0].text), .string(ids[1].text)])
        #expect("\(all["events"] ?? .null)".contains("Frobnitz"))
        #expect(all["mentioned_by"]?.array?.map { $0["entity"] } == ["note"])
        _ = try await house.ask("contact", .id(ids[0]), "unmerge", more)
        // Taken apart they are two persons again.
        _ = try await house.ask("contact", .id(ids[0]), "unmerge", merge)
        #expect(try await house.daybook.people.export(ids[0], by: house.owner).json["also"] == [])
        _ = try await house.ask("contact", .id(ids[0]), "merge", merge)
        let erased = try await house.daybook.people.erase(ids[1], by: house.owner)
        #expect(erased.also == [ids[0]])
        #expect(await house.problem("contact", .id(ids[0]), "edit", ["title": "x"])?.code == "person.erased")
    }
}

/// Three records, and the three that they turn out to be.
struct Pairs {
    private(set) var losers: [String: UUID] = [:]
    private(set) var winners: [String: UUID] = [:]

    init(_ house: TestHouse) async throws {
        for name in ["account", "contact", "lead"] {
            for side in ["Old", "New"] {
                let body: JSON = name == "account" ? ["name": .string(side)] : ["last_name": .string(side)]
                let id = try await house.ask(name, .new, "create", body).results[0].id
                if side == "Old" { losers[name] = id } else { winners[name] = id }
            }
        }
    }

    func merge(_ name: String, _ house: TestHouse) async throws {
        _ = try await house.ask(name, .id(winners[name]!), "merge", ["loser": .string(losers[name]!.text)])
    }
}

extension TestHouse {
    func list(_ entity: String, _ text: String) async throws -> JSON {
        let pair = text.split(separator: "=", maxSplits: 1).map(String.init)
        let parameters = [Parameter(pair[0], pair[1]), Parameter("limit", "200")]
        return try await daybook.queries.list(entity, parameters, by: owner, min: try await head()).json
    }
}
