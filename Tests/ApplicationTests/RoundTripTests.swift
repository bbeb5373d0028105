import CRM
import Foundation
import Kernel
import Projections
import Testing

@testable import Application

/// All that is exported of one organization is imported into another, in another database, and is the same there.
@Suite(.serialized) struct RoundTripTests {
    /// What is not carried, and why; docs/imports.md lists the same. A record's version and position, and when it was
    /// last changed and put away, are the log's own.
    static let apart: [String: Set<String>] = [
        "": ["version", "position", "updated_at", "archived_at"],
        // Who wrote them is who imports them.
        "note": ["author_id", "author_name"],
        "task": ["creator_id", "creator_name", "reminder_due"],
        // When a stage was retired: what happened to the pipeline after that is told before.
        "pipeline": ["past"],
        "rate": ["base"],
    ]

    private static func rows(_ house: TestHouse, _ entity: String, _ format: String) async throws -> String {
        let parameters =
            [Parameter("format", format), Parameter("past", "true")]
            + (format == "csv" || format == "jsonl" ? [Parameter("archived", "any")] : [])
        let head = try await house.head()
        while true {
            do {
                let export = try await house.daybook.queries.export(entity, parameters, by: house.owner, min: head)
                var bytes: [UInt8] = []
                try await export.write { bytes += $0 }
                return String(decoding: bytes, as: UTF8.self)
            } catch {
                guard let problem = error as? Problem, problem.status == 503 else { throw error }
            }
        }
    }

    @Test(.timeLimit(.minutes(4)), arguments: ["csv", "jsonl"])
    func `the demonstration is the same in another organization`(format: String) async throws {
        let (from, into) = (try await TestHouse(projecting: .init()), try await TestHouse(projecting: .init()))
        try await from.projecting {
            try await from.daybook.demonstrate(in: from.organization)
            try await Self.complicate(from)
            var files: [String: String] = [:]
            var mappings: [String: String] = [:]
            for entity in ForeignSystem.ours {
                files["\(entity.plural).\(format)"] = try await Self.rows(from, entity.name, format)
                let name = entity.plural.replacing("_", with: "-")
                mappings["daybook-\(name)"] = try await Self.rows(from, entity.name, "mapping")
                do { mappings["daybook-\(name)-after"] = try await Self.rows(from, entity.name, "closing") } catch {
                    guard (error as? Problem)?.code == "export.no_mapping" else { throw error }
                }
            }
            let home = try await ImportHouse(importing: into)
            let folder = try home.folder(files)
            let colleague = FolderImport.Colleague(
                id: into.founding.owner.text, name: "Owner", email: "owner@example.com")
            let table = mappings
            try await into.projecting {
                var before: [String: Set<String>] = [:]
                for entity in ForeignSystem.ours {
                    let ids = try await Self.documents(into, entity.name).compactMap { $0["id"]?.string }
                    before[entity.name] = Set(ids)
                }
                let dry = try await home.take(
                    .daybook, folder, dryRun: true, colleagues: [colleague], mapping: { table[$0] })
                for file in dry.files {
                    #expect(file.rejected == 0, "\(file.json): \((try? home.rejects(of: file)) ?? "")")
                }
                let told = try await home.take(.daybook, folder, colleagues: [colleague], mapping: { table[$0] })
                for file in told.files {
                    #expect(file.rejected == 0, "\(file.json): \((try? home.rejects(of: file)) ?? "")")
                }
                #expect(told.files.count == ForeignSystem.ours.count)
                let again = try await home.take(.daybook, folder, colleagues: [colleague], mapping: { table[$0] })
                for file in again.files { #expect(file.accepted == 0 && file.rejected == 0, "\(file.json)") }
                let meant = try await Self.meant(from, home, colleague)
                for entity in ForeignSystem.ours {
                    try await Self.compare(entity.name, from, into, meant, but: before[entity.name] ?? [])
                }
                for (view, members) in Self.entries {
                    let wanted = try await Self.lines(from, view, members, meant)
                    #expect(try await Self.lines(into, view, members, [:]) == wanted && !wanted.isEmpty, "\(view)")
                }
            }
            // Where it came from all of it is as it was.
            let owner = FolderImport.Colleague(
                id: from.founding.owner.text, name: "Owner", email: "owner@example.com")
            let back = try await ImportHouse(importing: from)
                .take(.daybook, folder, colleagues: [owner], mapping: { table[$0] })
            for file in back.files {
                let why = (try? home.rejects(of: file)) ?? ""
                #expect(file.accepted == 0 && file.rejected == 0, "\(file.json): \(why)")
            }
        }
    }

    /// What belongs to records and has no file of its own. When a cost was recorded after all was over is not carried.
    private static let entries = [
        ("campaign_cost_documents", ["campaign_id", "amount", "day", "description"]),
        ("project_hour_documents", ["project_id", "member_id", "day", "hours", "description", "logged_at"]),
        ("fields", ["entity", "key", "label", "type", "target", "personal"]),
        ("deal_spans", ["deal_id", "stage_id", "entered_at", "left_at"]),
    ]

    /// The rows of a view, in an order of their own.
    private static func lines(
        _ house: TestHouse, _ view: String, _ members: [String], _ meant: [String: String]
    ) async throws -> [String] {
        var lines: [String] = []
        var cursor: String?
        repeat {
            let parameters =
                [Parameter("limit", "200"), Parameter("fields", members.joined(separator: ","))]
                + [cursor.map { Parameter("cursor", $0) }].compactMap { $0 }
            let reply = try await house.daybook.queries.table(
                view, parameters, by: house.owner, min: try await house.head())
            let page = try JSON(parsing: reply.body)
            lines += (page["items"]?.array ?? []).map { replaced($0, meant).text }
            cursor = page["next"]?.string
        } while cursor != nil
        return lines.sorted()
    }

    /// What refers on to records of files that come later, and what is away.
    private static func complicate(_ house: TestHouse) async throws {
        func make(_ entity: String, _ act: String, _ body: JSON) async throws -> UUID {
            try await house.ask(entity, .new, act, body).results[0].id
        }
        let manager = try await make("member", "add", ["name": "Mara", "email": "mara@example.com"])
        let team = try await make("team", "create", ["name": "East", "manager_id": .string(manager.text)])
        let gone = try await make("team", "create", ["name": "West", "manager_id": .string(manager.text)])
        _ = try await house.ask("team", .id(gone), "archive", [:])
        _ = try await house.ask("member", .id(manager), "edit", ["team_id": .string(team.text)])
        let deal = try await make("deal", "open", ["title": "Pumps"])
        let field: JSON = ["entity": "contact", "key": "deal", "label": "Deal", "type": "reference", "target": "deal"]
        _ = try await house.ask("field_set", .id(FieldSet.id(of: "contact")), "define", field)
        let contact = try await make("contact", "create", ["last_name": "Lee", "custom": ["deal": .string(deal.text)]])
        let account = try await make("account", "create", ["name": "Lee & Sons"])
        _ = try await house.ask("contact", .id(contact), "affiliate", ["account_id": .string(account.text)])
        _ = try await house.ask("account", .id(account), "set_primary_contact", ["contact_id": .string(contact.text)])
        // Somebody has by now what one that is away once had.
        let away = try await make("contact", "create", ["last_name": "Ray", "email": "ray@example.com"])
        _ = try await house.ask("contact", .id(away), "archive", [:])
        _ = try await make("contact", "create", ["last_name": "Roy", "email": "ray@example.com"])
        let pipeline = try await make("pipeline", "create", ["name": "Old", "template": "trailtrack"])
        _ = try await house.ask("pipeline", .id(pipeline), "archive", [:])
        let task = try await make("task", "create", ["title": "Call"])
        let about: JSON = ["entity": "task", "id": .string(task.text)]
        let call = try await make("interaction", "log", ["kind": "call", "subject": about])
        let after: JSON = ["title": "Again", "interaction_id": .string(call.text)]
        _ = try await house.ask("task", .id(try await make("task", "create", after)), "complete", [:])
        try await live(house)
    }

    /// What is told of records by acts of their own, at its own time.
    private static func live(_ house: TestHouse) async throws {
        func make(_ entity: String, _ act: String, _ body: JSON) async throws -> UUID {
            try await house.ask(entity, .new, act, body).results[0].id
        }
        let member = try await make("member", "add", ["name": "Nils", "email": "nils@example.com"])
        let stages: JSON = .array(
            [("One", "open"), ("Two", "open"), ("Three", "open"), ("Yes", "won"), ("No", "lost")].map {
                ["name": .string($0.0), "kind": .string($0.1)]
            })
        let pipeline = try await make("pipeline", "create", ["name": "Long", "stages": stages])
        let state = try await house.states("pipeline", [pipeline])[0] as? Pipeline.State
        let ids = Dictionary(
            (state?.content?["stages"]?.object ?? [:]).map { ($0.value["name"]?.string ?? "", $0.key) }
        ) { first, _ in first }
        func stage(_ name: String) -> JSON { .string(ids[name] ?? "") }
        for (name, ends) in [("Goes on", false), ("Is over", true)] {
            let deal: JSON = ["title": .string(name), "pipeline_id": .string(pipeline.text)]
            let id = Ask.Target.id(try await make("deal", "open", deal))
            for to in ["Two", "Three", "Two"] { _ = try await house.ask("deal", id, "move", ["stage_id": stage(to)]) }
            _ = try await house.ask("deal", id, "lose", ["lost_reason": "Too dear", "lost_to": "Them"])
            _ = try await house.ask("deal", id, "reopen", ["stage_id": stage("Two")])
            _ = try await house.ask("deal", id, "move", ["stage_id": stage("Three")])
            if ends { _ = try await house.ask("deal", id, "win", ["actual_close": "2020-02-03"]) }
        }
        let retired: JSON = ["stage_id": stage("Two"), "target_id": stage("One")]
        _ = try await house.ask("pipeline", .id(pipeline), "retire_stage", retired)
        let holder: JSON = ["with": ["entity": "member", "id": .string(member.text)]]
        _ = try await house.ask("pipeline", .id(pipeline), "share", holder)
        let secret: JSON = ["entity": "contact", "key": "iban", "label": "IBAN", "type": "text", "personal": true]
        _ = try await house.ask("field_set", .id(FieldSet.id(of: "contact")), "define", secret)
        let contact = try await make("contact", "create", ["last_name": "Moe", "custom": ["iban": "GB1"]])
        let user: JSON = ["platform_user_id": "u-77", "platform_profile": ["plan": "free"]]
        _ = try await house.ask("contact", .id(contact), "link_platform_user", user)
        _ = try await house.ask("contact", .id(contact), "mark_contacted", [:])
        let account = try await make("account", "create", ["name": "Moe"])
        _ = try await house.ask("account", .id(account), "mark_contacted", [:])
        let lead = Ask.Target.id(try await make("lead", "capture", ["last_name": "Poe"]))
        _ = try await house.ask("lead", lead, "mark_contacted", [:])
        _ = try await house.ask("lead", lead, "disqualify", ["disqualified_reason": "No budget"])
        _ = try await house.ask("lead", lead, "reopen", [:])
        _ = try await house.ask("lead", lead, "edit", ["contacted": false])
        let campaign = Ask.Target.id(try await make("campaign", "plan", ["name": "Fair", "kind": "event"]))
        let cost: JSON = [
            "amount": ["minor": 1250, "currency": "EUR"], "day": "2020-02-03", "description": "Leaflets",
        ]
        _ = try await house.ask("campaign", campaign, "record_cost", cost)
        _ = try await house.ask("campaign", campaign, "start", [:])
        _ = try await house.ask("campaign", campaign, "complete", [:])
        _ = try await house.ask("campaign", campaign, "record_cost", cost)
        let project = Ask.Target.id(try await make("project", "plan", ["name": "Roof"]))
        _ = try await house.ask("project", project, "change_status", ["status": "in_progress"])
        let hours: JSON = [
            "hours": .number(0.35), "day": "2020-02-03", "member_id": .string(member.text), "description": "Nails",
        ]
        _ = try await house.ask("project", project, "log_hours", hours)
        let done: JSON = ["status": "completed", "completed_on": "2020-02-04"]
        _ = try await house.ask("project", project, "change_status", done)
        _ = try await house.ask("project", project, "log_hours", hours)
    }

    /// The ids of one organization's records, and those that they have in the other.
    private static func meant(
        _ from: TestHouse, _ home: ImportHouse, _ colleague: FolderImport.Colleague
    ) async throws -> [String: String] {
        var meant = [from.founding.owner.text: colleague.id]
        for entity in ForeignSystem.ours where entity != CampaignMember.self {
            for row in try await documents(from, entity.name) {
                guard let id = row["id"]?.string, meant[id] == nil else { continue }
                meant[id] = try await home.id(entity.name, id, source: "daybook").text
            }
        }
        for row in try await documents(from, CampaignMember.name) {
            guard let id = row["id"]?.string, let campaign = row["campaign_id"]?.string.flatMap({ meant[$0] }),
                let person = row["person"]?["id"]?.string.flatMap({ meant[$0] }),
                let one = UUID(uuidString: campaign), let other = UUID(uuidString: person)
            else { continue }
            meant[id] = CampaignMember.id(of: one, other).text
        }
        return meant
    }

    private static func documents(_ house: TestHouse, _ entity: String) async throws -> [JSON] {
        try await rows(house, entity, "jsonl").split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
    }

    /// - Parameter before: what was there before the import, and is not looked for.
    private static func compare(
        _ entity: String, _ from: TestHouse, _ into: TestHouse, _ meant: [String: String], but before: Set<String>
    ) async throws {
        let found = Dictionary(
            try await documents(into, entity).map { ($0["id"]?.string ?? "", $0) }
        ) { first, _ in first }
        let left = (apart[""] ?? []).union(apart[entity] ?? [])
        var differing: [String: String] = [:]
        var extra = Set(found.keys).subtracting(before)
        for row in try await documents(from, entity) {
            // Who founded either is the same, and was there before.
            if row["id"]?.string == from.founding.owner.text { continue }
            let wanted = replaced(row, meant)
            extra.remove(wanted["id"]?.string ?? "")
            guard let twin = found[wanted["id"]?.string ?? ""] else {
                differing["missing"] = wanted.text
                continue
            }
            if (wanted["archived_at"] ?? .null == .null) != (twin["archived_at"] ?? .null == .null) {
                differing["archived_at"] = wanted.text
            }
            for (name, value) in wanted.object ?? [:] where !left.contains(name) && twin[name] != value {
                differing[name] = "\(value.text) became \(twin[name]?.text ?? "nothing")"
            }
        }
        #expect(differing.isEmpty, "\(entity): \(differing)")
        #expect(extra.isEmpty, "\(entity): \(extra.count) more: \(found[extra.first ?? ""]?.text ?? "")")
    }

    /// The value with the ids of the one as those of the other.
    private static func replaced(_ value: JSON, _ meant: [String: String]) -> JSON {
        switch value {
        case .string(let text): .string(meant[text] ?? text)
        case .array(let items):
            // Lists of records are in the order of ids.
            .array(items.map { replaced($0, meant) })
        case .object(let members):
            .object(
                Dictionary(uniqueKeysWithValues: members.map { (meant[$0.key] ?? $0.key, replaced($0.value, meant)) }))
        case .null, .bool, .integer, .number: value
        }
    }
}

extension ImportHouse {
    fileprivate func rejects(of file: FileSummary) throws -> String {
        String(try String(contentsOfFile: file.rejectFile ?? "", encoding: .utf8).prefix(600))
    }
}
