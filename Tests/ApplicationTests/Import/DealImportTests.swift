import CRM
import EventLog
import Foundation
import Kernel
import Testing

@testable import Application

@Suite struct DealImportTests {
    static let header = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
    static func mapping() throws -> String { try ImportHouse.shipped("maven-sales-pipeline") }

    struct Told: Equatable {
        let type: String
        let occurred: String
    }
    static func history(_ house: ImportHouse, _ key: String) async throws -> [Told] {
        let id = try await house.id("deal", key, source: "maven")
        let commands = house.house.daybook.commands
        return try await commands.reader.streams(house.house.organization, [id]).events[id, default: []].map {
            Told(type: $0.type, occurred: $0.occurredAt.text)
        }
    }

    @Test func `a deal of 2017 is opened and won on its own days, at the organization's midnight`() async throws {
        let house = try await ImportHouse(zone: "America/New_York")
        let summary = try await house.run(
            Self.header + "1,Ann,P,Acme,Won,2016-10-20,2017-03-01,1054\n2,Ann,P,,Lost,2016-10-20,2016-10-20,0\n",
            try Self.mapping())
        #expect(summary.accepted == 2)
        #expect(
            try await Self.history(house, "1") == [
                Told(type: "deal.opened", occurred: "2016-10-20T04:00:00.000000Z"),
                Told(type: "deal.won", occurred: "2017-03-01T05:00:00.000000Z"),
            ])
        let won = try #require(try await house.record(Deal.self, "1", source: "maven"))
        #expect(won["amount"] == ["minor": 105_400, "currency": "USD"])
        #expect(won.text("actual_close") == "2017-03-01")
        #expect(won["custom"] == ["opportunity_id": "1"])
        let lost = try #require(try await house.record(Deal.self, "2", source: "maven"))
        #expect(lost["amount"] == nil)
        #expect(lost["account_id"] == nil)
        #expect(lost.text("lost_reason") == "Not stated")
    }

    @Test func `a later file moves, wins and corrects; the same file again appends nothing`() async throws {
        let house = try await ImportHouse()
        let mapping = try Self.mapping()
        func take(_ row: String) async throws -> ImportRun.Summary { try await house.run(Self.header + row, mapping) }
        _ = try await take("1,Ann,P,,Prospecting,,,\n")
        #expect(try await take("1,Ann,P,,Prospecting,,,\n").unchanged == 1)
        // Opened now, since nobody said when: what follows can only be told as a correction that occurs now.
        #expect(try await take("1,Ann,P,,Engaging,2017-01-02,,\n").events == 1)
        #expect(try await take("1,Ann,P,,Won,2017-01-02,2017-02-03,10\n").events == 1)
        #expect(try await Self.history(house, "1").map(\.type) == ["deal.opened", "deal.moved", "deal.won"])
        #expect(try await take("1,Ann,P,,Won,2017-01-02,2017-02-03,10\n").events == 0)
        // The amount was wrong: an edit, not a second win.
        #expect(try await take("1,Ann,P,,Won,2017-01-02,2017-02-04,12.5\n").events == 1)
        let deal = try #require(try await house.record(Deal.self, "1", source: "maven"))
        #expect(deal["amount"] == ["minor": 1250, "currency": "USD"])
        #expect(deal.text("actual_close") == "2017-02-04")
        #expect(try await take("1,Ann,P,,Won,2017-01-02,2017-02-04,12.5\n").events == 0)
        // It is closed here; a file that says otherwise is refused, not followed.
        let back = try await take("1,Ann,P,,Engaging,2017-01-02,,\n")
        #expect(back.rejected == 1)
        #expect(try house.rejected()[1][2] == "deal.not_open")
    }

    @Test func `a deal that closes before it was opened is refused`() async throws {
        let house = try await ImportHouse()
        let summary = try await house.run(Self.header + "1,A,P,,Won,2017-03-02,2017-03-01,5\n", try Self.mapping())
        #expect(summary.rejected == 1)
        #expect(try house.rejected()[1][2] == "time.before_last_event")
        #expect(try await house.record(Deal.self, "1", source: "maven") == nil)
    }

    @Test func `what the organization changed in pipeline and fields stays`() async throws {
        let house = try await ImportHouse()
        let mapping = try Self.mapping()
        _ = try await house.run(Self.header + "1,Ann,P,,Engaging,2017-01-02,,\n", mapping)
        let pipeline = try await house.id("pipeline", "Maven sales", source: "maven")
        _ = try await house.house.ask("pipeline", .id(pipeline), "edit", ["name": "Renamed"])
        let fields = FieldSet.id(of: "deal")
        _ = try await house.house.ask(
            "field_set", .id(fields), "revise", ["entity": "deal", "key": "opportunity_id", "label": "Other"])
        let summary = try await house.run(Self.header + "2,Ann,P,,Engaging,2017-01-02,,\n", mapping)
        #expect(summary.accepted == 1)
        #expect(try await house.record(Pipeline.self, "Maven sales", source: "maven")?.text("name") == "Renamed")
        #expect(summary.notes.contains { $0.contains("deal.opportunity_id") })
    }
}
