import CRM
import EventLog
import Foundation
import Kernel
import Testing

@testable import Application

/// Process logs as history: a case is a deal, a row an event of a platform on it.
@Suite struct EventLogImportTests {
    static let header = "case_id,seq,activity,lifecycle,resource,timestamp,event_attrs_json,case_attrs_json"
    /// Cases whose rows come one after the other; all rows of a case at the same moment, and each activity twice.
    static func rows(cases: Int, length: Int) -> [String] {
        (0..<cases).flatMap { number in
            (1...length).map { seq in
                let (attributes, about) = (
                    #""{""Resource"": ""Ann"", ""org:group"": ""A\#(seq)""}""#,
                    seq == 1 ? #""{""variant"": ""V 7"", ""variant-index"": ""7"", ""creator"": ""X""}""# : ""
                )
                return "C\(number),\(seq),step \(seq / 2),complete,Ann,2012-03-0\(1 + number % 9)T10:00:00.000+02:00,"
                    + attributes + "," + about
            }
        }
    }
    static func file(_ rows: [String]) -> String { ([header] + rows).map { $0 + "\n" }.joined() }

    /// What the log says of each deal's interactions, in its order.
    static func told(_ house: ImportHouse) async throws -> [String: [String]] {
        var told: [String: [String]] = [:]
        var after: Int64 = 0
        while true {
            let page = try await house.house.daybook.reader.page(house.house.organization, after: after, limit: 1000)
            guard let last = page.last else { return told }
            after = last.position
            for event in page where event.type == "interaction.logged" {
                let data = try JSON(parsing: event.data)
                let deal = data["subject"]?["id"]?.string ?? ""
                told[deal, default: []].append("\(data["name"]?.string ?? "") \(event.occurredAt.text)")
                #expect(data["attributes"] == nil)
            }
        }
    }

    @Test func `rows stay in the order of the file, also where many of a case tell the same moment`() async throws {
        let house = try await ImportHouse()
        let (cases, length) = (9, 130)
        let mapping = try ImportHouse.shipped("eventlog-helpdesk")
        let file = Self.file(Self.rows(cases: cases, length: length))
        let dry = try await house.run(file, mapping, dryRun: true)
        #expect(dry.accepted == cases * length && dry.rejected == 0)
        let summary = try await house.run(file, mapping)
        #expect(summary.accepted == cases * length && summary.rejected == 0)
        // Each row an interaction, each case a deal.
        #expect(summary.events == cases * length + cases)
        let told = try await Self.told(house)
        for number in 0..<cases {
            let deal = try await house.id("deal", "C\(number)", source: "helpdesk")
            let moment = "2012-03-0\(1 + number % 9)T08:00:00.000000Z"
            let isInOrder = told[deal.text] == (1...length).map { "step \($0 / 2) \(moment)" }
            #expect(isInOrder, "case \(number)")
        }
        let before = try await house.position()
        let again = try await house.run(file, mapping)
        #expect(again.unchanged == cases * length && again.accepted == 0)
        #expect(try await house.position() == before)
    }

    @Test func `a case is a deal opened at its first event, with what is told of the case`() async throws {
        let house = try await ImportHouse()
        let mapping = try ImportHouse.shipped("eventlog-bpic2013")
        let summary = try await house.run(Self.file(Self.rows(cases: 1, length: 2)), mapping)
        #expect(summary.created.contains("pipeline Volvo IT problems"))
        let deal = try #require(try await house.record(Deal.self, "C0", source: "bpic2013"))
        #expect(deal["title"] == "Problem C0")
        #expect(deal["custom"] == ["variant": "V 7", "variant_index": "7", "creator": "X"])
        let id = try await house.id("deal", "C0", source: "bpic2013")
        let opened = try #require(
            try await house.house.daybook.reader.stream(house.house.organization, id, limit: 1).first)
        #expect(opened.occurredAt.text == "2012-03-01T08:00:00.000000Z")
        // Each event says by which import it came.
        let told = try JSON(parsing: opened.meta)
        #expect(told["import"]?.string.flatMap(UUID.init(uuidString:)) != nil)
        #expect(told["act"] == "deal.open" && told["actor_kind"] == "import")
        let row = try #require(try await house.record(Interaction.self, "C0|2", source: "bpic2013"))
        #expect(row["kind"] == "platform_event" && row["name"] == "step 1")
        #expect(row["subject"] == ["entity": "deal", "id": .string(id.text)])
        #expect(
            row["attributes"]
                == ["Resource": "Ann", "org:group": "A2", "lifecycle": "complete", "resource": "Ann"])
    }

    @Test func `a row of a case that never comes, and a cell that is no object, are rejected`() async throws {
        let house = try await ImportHouse()
        var rows = Self.rows(cases: 2, length: 2)
        rows.remove(at: 0)
        rows.append("C1,3,step 3,complete,Ann,2012-04-01T10:00:00.000+02:00,[1],")
        let summary = try await house.run(Self.file(rows), try ImportHouse.shipped("eventlog-helpdesk"))
        #expect(summary.accepted == 2 && summary.rejected == 2)
        #expect(try house.rejected().dropFirst().map { $0[2] } == ["import.not_an_object", "import.reference_missing"])
    }
}
