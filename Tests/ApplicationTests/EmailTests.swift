import CRM
import EventLog
import Files
import Foundation
import Kernel
import PostgresTesting
import Projections
import Testing
import Vault

@testable import Application

/// Messages become interactions: with whom, about what, when; once; and forgotten with whose words they are.
@Suite struct EmailTests {
    private static func message(
        from: String = "Ann Lee <ann@lee.example>", to: String = "owner@example.com", id: String = "<one@lee.example>",
        date: String = "Mon, 2 Mar 2026 10:00:00 +0100", more: String = "", text: String = "Frobnitz wants ten."
    ) -> [UInt8] {
        Array(
            """
            From: \(from)
            To: \(to)
            Subject: Pumps for Frobnitz
            Date: \(date)
            Message-ID: \(id)
            \(more)Content-Type: text/plain; charset=utf-8

            \(text)
            """.utf8)
    }

    /// A house with a projector at work, and its mail desk.
    private static func desk(_ body: (MailDesk) async throws -> Void) async throws {
        let house = try await TestHouse(projecting: .init())
        let desk = MailDesk(house)
        defer { try? FileManager.default.removeItem(atPath: desk.store.folder) }
        try await house.projecting { try await body(desk) }
    }
    private static func codes(_ archived: Archived) -> [String] {
        (archived.json["warnings"]?.array ?? []).compactMap { $0["code"]?.string }
    }

    @Test func `a message is logged with whom it was, when it was written, and once`() async throws {
        try await Self.desk { desk in
            let ann = try await desk.make(
                "contact", "create", ["last_name": "Lee", "emails": ["a@b.example", "ann@lee.example"]])
            let lead = try await desk.make("lead", "capture", ["last_name": "Ray", "email": "ray@lee.example"])
            let account = try await desk.make(
                "account", "create", ["name": "Lee & Sons", "website": "https://lee.example"])
            let bytes = Self.message(more: "Cc: ray@lee.example, \"Mo\" <mo@lee.example>, x@gmail.com\n")
            let archived = try await desk.archive(bytes)
            #expect(archived.isNew && archived.version == 1 && Self.codes(archived) == [])
            #expect(
                archived.json["participants"] == [
                    [
                        "email": "ann@lee.example", "name": "Ann Lee", "role": "from", "entity": "contact",
                        "id": .string(ann.text),
                    ],
                    [
                        "email": "owner@example.com", "name": .null, "role": "to", "entity": "member",
                        "id": .string(desk.house.founding.owner.text),
                    ],
                    [
                        "email": "ray@lee.example", "name": .null, "role": "cc", "entity": "lead",
                        "id": .string(lead.text),
                    ],
                ])
            #expect(
                archived.json["unknown"] == [
                    [
                        "email": "mo@lee.example", "name": "Mo", "role": "cc",
                        "suggest": ["account": ["id": .string(account.text), "name": "Lee & Sons"]],
                    ],
                    ["email": "x@gmail.com", "name": .null, "role": "cc", "suggest": ["account": .null]],
                ])
            let record = try await desk.record(archived.id)
            #expect(record["kind"] == "email" && record["direction"] == "inbound")
            #expect(record["title"] == "Pumps for Frobnitz" && record["text"] == "Frobnitz wants ten.")
            #expect(record["occurred_at"] == "2026-03-02T09:00:00.000000Z")
            #expect(record["subject"] == ["entity": "contact", "id": .string(ann.text)])
            #expect(record["contact_id"] == .string(ann.text) && record["message_id"] == "one@lee.example")
            #expect(record["owner_id"] == .string(desk.house.founding.owner.text))
            #expect(record["participants"]?[lead.text]?["role"] == "cc")
            #expect(record["strangers"]?["1"] == ["email": "mo@lee.example", "name": "Mo", "role": "cc"])

            let head = try await desk.house.head()
            let again = try await desk.archive(bytes)
            #expect(again.id == archived.id && !again.isNew && again.version == 1)
            #expect(Self.codes(again) == ["email.archived_already"])
            #expect(again.json["occurred_at"] == "2026-03-02T09:00:00.000000Z")
            let keyed = try await desk.archive(bytes, key: "other")
            #expect(keyed.id == archived.id && !keyed.isNew)
            #expect(try await desk.house.head() == head)
        }
    }

    @Test func `a repeat under the same key gets the first answer`() async throws {
        try await Self.desk { desk in
            let first = try await desk.archive(Self.message(), [Parameter("create", "contacts")], key: "k")
            let again = try await desk.archive(Self.message(), [Parameter("create", "contacts")], key: "k")
            #expect(first.isNew && again.isNew && first.id == again.id && first.position == again.position)
            #expect(first.json["made"] == again.json["made"] && first.json["made"]?.array?.count == 1)
            await #expect(throws: Problem.self) { try await desk.archive(Self.message(text: "else"), key: "k") }
        }
    }

    @Test func `an answer stands where what it answers stands, and the caller may say where`() async throws {
        try await Self.desk { desk in
            let ann = try await desk.make("contact", "create", ["last_name": "Lee", "email": "ann@lee.example"])
            let deal = try await desk.make("deal", "open", ["title": "Ten pumps"])
            let first = try await desk.archive(Self.message(), [Parameter("about", "deal:\(deal.text)")])
            let answer = try await desk.archive(
                Self.message(
                    from: "owner@example.com", to: "ann@lee.example", id: "<two@us.example>",
                    more: "In-Reply-To: <one@lee.example>\n"))
            let third = try await desk.archive(
                Self.message(
                    id: "<three@lee.example>", more: "References: <one@lee.example> <two@us.example> <lost@x.example>\n"
                ))
            let about: JSON = ["entity": "deal", "id": .string(deal.text)]
            for one in [first, answer, third] { #expect(try await desk.record(one.id)["subject"] == about) }
            let told = try await desk.record(answer.id)
            #expect(told["direction"] == "outbound" && told["in_reply_to_id"] == .string(first.id.text))
            #expect(told["contact_id"] == .string(ann.text))
            #expect(try await desk.record(third.id)["in_reply_to_id"] == .string(answer.id.text))
            let within = try await desk.archive(
                Self.message(from: "owner@example.com", to: "owner@example.com", id: "<four@us.example>"))
            let us: JSON = ["entity": "member", "id": .string(desk.house.founding.owner.text)]
            #expect(within.json["direction"] == "outbound" && within.json["subject"] == us)

            for (name, value) in [("about", "deal"), ("about", "rate:\(deal.text)"), ("create", "leads"), ("x", "y")] {
                #expect(throws: Problem.self) { try Emails.Wish([Parameter(name, value)]) }
            }
            let nowhere = [Parameter("about", "deal:\(desk.house.fresh().text)")]
            await #expect(throws: Problem.self) {
                try await desk.archive(Self.message(id: "<five@x.example>"), nowhere)
            }
        }
    }

    @Test func `the message itself and its files are kept, as one with the record`() async throws {
        try await Self.desk { desk in
            let large = String(repeating: "x", count: 1 << 20)
            let bytes = Array(
                """
                From: ann@lee.example
                Date: Mon, 2 Mar 2026 10:00:00 +0100
                Message-ID: <one@lee.example>
                Content-Type: multipart/mixed; boundary=b

                --b

                See the offer.
                --b
                Content-Type: application/pdf; name=offer.pdf
                Content-Transfer-Encoding: base64

                JVBERi0xLjQ=
                --b
                Content-Type: text/csv

                a,b
                --b--
                """.utf8)
            // She is made a contact by the same unit, and the files are hers.
            let archived = try await desk.archive(bytes, [Parameter("create", "contacts")], key: "once")
            let files = archived.json["attachments"]?.array ?? []
            #expect(files.map { $0["name"] } == ["message.eml", "offer.pdf", .null])
            let ids = files.compactMap { $0["id"]?.string.flatMap(UUID.init(uuidString:)) }
            let pdf = try await desk.record(ids[1], "attachment")
            #expect(pdf["media_type"] == "application/pdf" && pdf["filename"] == "offer.pdf")
            #expect(pdf["subject"] == ["entity": "interaction", "id": .string(archived.id.text)])
            #expect(try await desk.bytes(of: archived) == bytes)
            #expect(try await desk.bytes(of: archived, 1) == Array("%PDF-1.4".utf8))
            let again = try await desk.archive(bytes, [Parameter("create", "contacts")], key: "once")
            #expect(again.json == archived.json)
            let head = try await desk.house.head()
            _ = try await desk.archive(bytes)
            #expect(try await desk.house.head() == head)

            let writer = try #require(
                archived.json["made"]?.array?.first?["id"]?.string.flatMap(UUID.init(uuidString:)))
            _ = try await desk.house.daybook.people.erase(writer, by: desk.house.owner)
            await #expect(throws: Problem.self) { try await desk.bytes(of: archived, 1) }
            let lost = try await desk.archive(Self.message(id: "<two@x.example>", text: large))
            #expect(lost.json["attachments"] == [] && Self.codes(lost).contains("email.file_not_kept"))
        }
    }

    @Test func `who is not known is made a contact where that is wished`() async throws {
        try await Self.desk { desk in
            let account = try await desk.make(
                "account", "create", ["name": "Lee & Sons", "website": "https://www.lee.example/shop"])
            let archived = try await desk.archive(
                Self.message(from: "\"Lee, Ann\" <ann@lee.example>", to: "owner@example.com, mo@gmail.com"),
                [Parameter("create", "contacts")])
            #expect(archived.json["unknown"] == [])
            let made = (archived.json["made"]?.array ?? []).compactMap {
                $0["id"]?.string.flatMap(UUID.init(uuidString:))
            }
            #expect(made.count == 2)
            let ann = try await desk.record(made[0], "contact")
            #expect(ann["name"] == "Ann Lee" && ann["primary_email"] == "ann@lee.example")
            #expect(ann["primary_account_id"] == .string(account.text))
            #expect(ann["owner_id"] == .string(desk.house.founding.owner.text))
            #expect(try await desk.record(made[1], "contact")["name"] == "mo")
            #expect(try await desk.record(archived.id)["contact_id"] == .string(made[0].text))
        }
    }

    @Test func `a date that cannot be is not taken, and what is too long is cut off, and said`() async throws {
        try await Self.desk { desk in
            let long = String(repeating: "漢字 ", count: 30_000)
            let late = try await desk.archive(
                Self.message(
                    date: "Mon, 30 Jun 3609 15:33:50 +0600",
                    more: "Received: by x; Mon, 2 Mar 2026 09:00:07 +0000\n", text: long))
            #expect(Self.codes(late) == ["email.date_not_taken", "email.text_shortened"])
            let record = try await desk.record(late.id)
            #expect(record["occurred_at"] == "2026-03-02T09:00:07.000000Z")
            #expect((record["text"]?.string?.count ?? 0) > 10_000)
            let never = try await desk.archive(Self.message(id: "<two@x.example>", date: "never"))
            #expect(Self.codes(never) == ["email.date_unreadable", "email.date_assumed"])
            #expect(try await desk.record(never.id)["occurred_at"] == never.json["occurred_at"])
            let many = (0..<300).map { "p\($0)-\(String(repeating: "x", count: 40))@strangers.example" }
            let crowd = try await desk.archive(
                Self.message(to: many.joined(separator: ",\n "), id: "<three@x.example>", text: long))
            #expect(Self.codes(crowd).filter { $0 == "email.participants_left_out" }.count == 2)
            #expect(try await desk.record(crowd.id)["strangers"]?.object?.count == 50)
            let odd = try await desk.archive(Array("Subject: a\u{7}b\u{1B}\nDate: x\n\nc\u{8}d\u{B}".utf8))
            #expect(try await desk.record(odd.id)["title"] == "ab")
            #expect(try await desk.record(odd.id)["text"] == "cd")
        }
    }

    @Test func `what is no message, and who may not write, is refused`() async throws {
        try await Self.desk { desk in
            let head = try await desk.house.head()
            do {
                _ = try await desk.archive(Array("just words".utf8))
                Issue.record("it was archived")
            } catch let problem as Problem { #expect(problem.code == "email.unreadable" && problem.status == 422) }
            do {
                _ = try await desk.archive(Self.message(), role: .viewer)
                Issue.record("it was archived")
            } catch let problem as Problem { #expect(problem.status == 403) }
            #expect(try await desk.house.head() == head)
        }
    }

    @Test func `the words of an erased writer are gone, and strangers' addresses stay under the record's key`()
        async throws
    {
        try await Self.desk { desk in
            let ann = try await desk.make("contact", "create", ["last_name": "Lee", "email": "ann@lee.example"])
            let bob = try await desk.make("contact", "create", ["last_name": "Ray", "email": "bob@ray.example"])
            let inbound = try await desk.archive(
                Self.message(to: "owner@example.com, bob@ray.example, mo@stranger.example"),
                [Parameter("about", "contact:\(bob.text)")])
            let outbound = try await desk.archive(
                Self.message(from: "owner@example.com", to: "bob@ray.example", id: "<two@us.example>"))
            let log = try await desk.house.daybook.reader.page(desk.house.organization, after: 0, limit: 1000)
            let logged = log.filter { $0.type == "interaction.logged" }
            // The writer's words under the writer's key; what we wrote to somebody under theirs.
            #expect(
                try logged.map { try SealedParts.persons($0.private ?? []) } == [[ann, inbound.id], [bob]])
            let kept = try await desk.bytes(of: inbound)
            #expect(kept == Self.message(to: "owner@example.com, bob@ray.example, mo@stranger.example"))
            for event in log {
                let line = String(decoding: event.line, as: UTF8.self)
                for word in ["Frobnitz", "mo@stranger", "one@lee", "ann@lee"] { #expect(!line.contains(word)) }
            }

            let erased = try await desk.house.daybook.people.erase(ann, by: desk.house.owner)
            #expect(erased.isForgottenByTables)
            await #expect(throws: Problem.self) { try await desk.bytes(of: inbound) }
            let record = try await desk.record(inbound.id)
            for name in ["title", "text", "message_id"] { #expect(record[name] == .null, "\(name)") }
            #expect(record["strangers"]?["1"]?["email"] == "mo@stranger.example" && record["kind"] == "email")
            #expect(try await desk.record(outbound.id)["text"] == "Frobnitz wants ten.")
            for one in try await desk.house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
            try await desk.house.daybook.models.rebuild()
            for one in try await desk.house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }

            // What a stranger writes is the record's own.
            let strange = try await desk.archive(Self.message(from: "x@stranger.example", id: "<four@x.example>"))
            let last = try await desk.house.daybook.reader.page(desk.house.organization, after: 0, limit: 1000)
                .last { $0.type == "interaction.logged" }
            #expect(try SealedParts.persons(last?.private ?? []) == [strange.id])

            // The same message once more is there; another of the same writer comes from a stranger.
            #expect(try await desk.archive(Self.message()).id == inbound.id)
            let next = try await desk.archive(Self.message(id: "<three@lee.example>"))
            #expect(next.json["unknown"]?.array?.first?["email"] == "ann@lee.example")
            _ = try await desk.house.daybook.people.erase(bob, by: desk.house.owner)
            #expect(try await desk.record(outbound.id)["text"] == .null)
        }
    }

    @Test func `where a recipient is erased a message stays its writer's, and that is told`() async throws {
        try await Self.desk { desk in
            let ann = try await desk.make("contact", "create", ["last_name": "Lee", "email": "ann@lee.example"])
            let bob = try await desk.make("contact", "create", ["last_name": "Ray", "email": "bob@ray.example"])
            let bytes = Self.message(to: "owner@example.com", more: "Cc: bob@ray.example\n")
            let archived = try await desk.archive(bytes)
            let erased = try await desk.house.daybook.people.erase(bob, by: desk.house.owner)
            #expect(erased.mentioning == ["interaction \(archived.id.text) (participants)"])
            #expect(try await desk.bytes(of: archived) == bytes)
            _ = try await desk.house.daybook.people.erase(ann, by: desk.house.owner)
            await #expect(throws: Problem.self) { try await desk.bytes(of: archived) }
        }
    }

    @Test func `an address is looked up with what one wants to see beside a message`() async throws {
        try await Self.desk { desk in
            let owner: JSON = .string(desk.house.founding.owner.text)
            let account = try await desk.make(
                "account", "create", ["name": "Lee & Sons", "website": "https://lee.example", "owner_id": owner])
            let ann = try await desk.make(
                "contact", "create",
                [
                    "last_name": "Lee", "emails": ["a@b.example", "Ann@Lee.example"],
                    "account_id": .string(account.text),
                ])
            let own = try await desk.make("deal", "open", ["title": "Hers", "contact_id": .string(ann.text)])
            let other = try await desk.make("deal", "open", ["title": "Theirs", "account_id": .string(account.text)])
            let lost = try await desk.make("deal", "open", ["title": "Lost", "contact_id": .string(ann.text)])
            _ = try await desk.house.ask("deal", .id(lost), "lose", ["lost_reason": "price"])
            let archived = try await desk.archive(Self.message())
            let subject: JSON = ["entity": "contact", "id": .string(ann.text)]
            let task = try await desk.make("task", "create", ["title": "Answer her", "subject": subject])
            _ = try await desk.make("lead", "capture", ["last_name": "Lee", "email": "ann@lee.example"])

            let found = try await desk.lookup(" ANN@lee.example ")
            func ids(_ part: String) -> [JSON] { (found[part]?.array ?? []).compactMap { $0["id"] } }
            #expect(found["email"] == "ann@lee.example" && ids("contacts") == [.string(ann.text)])
            #expect(ids("leads").count == 1 && ids("members") == [])
            #expect(found["account"]?["id"] == .string(account.text) && found["account"]?["why"] == "affiliation")
            #expect(found["owner"]?["id"] == owner)
            #expect(ids("deals") == [own, other].map { .string($0.text) })
            #expect(ids("interactions") == [.string(archived.id.text)] && ids("tasks") == [.string(task.text)])

            let nobody = try await desk.lookup("nobody@lee.example")
            #expect(nobody["contacts"] == [] && nobody["deals"] == [] && nobody["owner"] == .null)
            #expect(nobody["account"]?["id"] == .string(account.text) && nobody["account"]?["why"] == "domain")
            #expect(try await desk.lookup("x@gmail.com")["account"] == .null)
            #expect(try await desk.lookup("owner@example.com")["members"]?.array?.count == 1)
            // A lead that was merged is found as the one that stands for it.
            let kept = try await desk.make("lead", "capture", ["last_name": "Lee", "email": "lee@home.example"])
            let merge: JSON = ["loser": ids("leads")[0]]
            _ = try await desk.house.ask("lead", .id(kept), "merge", merge)
            #expect(try await desk.lookup("ann@lee.example")["leads"]?.array?.map { $0["id"] } == [.string(kept.text)])
            // What is put away has given its address back.
            _ = try await desk.house.ask("contact", .id(ann), "archive", [:])
            #expect(try await desk.lookup("ann@lee.example")["contacts"] == [])

            await #expect(throws: Problem.self) { try await desk.emails.lookup([], by: desk.house.owner) }
            await #expect(throws: Problem.self) { try await desk.lookup("no address") }
        }
    }
}
