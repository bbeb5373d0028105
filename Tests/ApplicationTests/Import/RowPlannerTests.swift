import FoundationEssentials
import Kernel
import Testing

@testable import Application

@Suite struct RowPlannerTests {
    static func planner(_ mapping: Mapping, zone: String = "UTC") -> RowPlanner {
        let settings = ImportSettings(zone: zone, currency: Currency("USD"))
        return RowPlanner(mapping: mapping, settings: settings) { source, entity, key in
            UUID.v8(Array("\(source)/\(entity)/\(key)".utf8.reversed()) + Array(repeating: 0, count: 16))
        }
    }
    static func wishes(_ name: String, _ fields: [String], zone: String = "UTC") throws -> [Wish] {
        try planner(MappingTests.shipped(name), zone: zone).wishes(FileRow(line: 2, fields))
    }
    static func day(_ text: String) throws -> Instant { Instant(try #require(Day(text))) }

    @Test func `an account keeps what the file says, spelling included`() throws {
        let wish = try #require(
            try Self.wishes(
                "maven-accounts.yaml",
                ["Bioholding ", "technolgy", "2012", "587.34", "1356", "Philipines", "Acme Corporation"]
            ).first)
        #expect(
            wish.fields == [
                "name": "Bioholding", "industry": "technolgy", "employee_count": 1356,
                "annual_revenue": ["minor": 58_734_000_000, "currency": "USD"],
                "custom": ["year_established": 2012, "office_location": "Philipines"],
            ])
        #expect(wish.links.map(\.path) == [["parent_id"]])
        #expect(wish.links.map(\.name) == ["Acme Corporation"])
    }
    @Test func `a row of the teams makes manager, team and agent`() throws {
        let wishes = try Self.wishes("maven-sales-teams.yaml", ["Anna Snelling", "Dustin Brinkmann", "Central"])
        #expect(wishes.map(\.entity.name) == ["member", "team", "member"])
        #expect(wishes[1].fields == ["name": "Dustin Brinkmann", "region": "Central"])
        #expect(wishes[1].links.map(\.id) == [wishes[0].id])
        #expect(wishes[2].links.map(\.id) == [wishes[1].id])
    }
    @Test func `a deal is opened and won on its own days, where the organization is`() throws {
        let row = ["1C1I7A6R", "Moses Frase", "GTX Plus Basic", "Cancity", "Won", "2016-10-20", "2017-03-01", "1054"]
        let deal = try #require(try Self.wishes("maven-sales-pipeline.yaml", row, zone: "America/New_York").first)
        #expect(deal.occurred?.text == "2016-10-20T04:00:00.000000Z", "summer time in New York")
        #expect(deal.steps.map(\.act) == ["win"])
        #expect(deal.steps[0].occurred?.text == "2017-03-01T05:00:00.000000Z", "winter time")
        #expect(deal.steps[0].body["amount"] == ["minor": 105_400, "currency": "USD"])
        #expect(deal.steps[0].body["actual_close"] == "2017-03-01")
        #expect(deal.fields["title"] == "GTX Plus Basic for Cancity")
        let lost = try Self.wishes(
            "maven-sales-pipeline.yaml", Array(row[..<4]) + ["lost", "2016-10-20", "2017-03-01", "0"])
        #expect(lost[0].steps.map(\.act) == ["lose"])
    }
    @Test func `a deal in Prospecting has neither dates nor account`() throws {
        let row = ["X", "Moses Frase", "GTXPro", "", "Prospecting", "", "", ""]
        let deal = try #require(try Self.wishes("maven-sales-pipeline.yaml", row).first)
        #expect(deal.occurred == nil)
        #expect(deal.fields["title"] == "GTXPro")
        #expect(deal.links.map(\.path) == [["pipeline_id"], ["owner_id"], ["product_id"]])
        #expect(deal.steps.map(\.act) == ["move"])
        let stage = try #require(deal.start["stage_id"])
        #expect(deal.steps[0].body == ["stage_id": stage])
    }
    @Test func `a day begins where clocks jump over midnight`() throws {
        let row = ["X", "A", "P", "", "Engaging", "2017-10-15", "", ""]
        let deal = try #require(try Self.wishes("maven-sales-pipeline.yaml", row, zone: "America/Sao_Paulo").first)
        #expect(
            deal.occurred?.text == "2017-10-15T03:00:00.000000Z", "01:00 there, an hour after a midnight that was not")
    }
    @Test(arguments: [("id", "A-17"), ("owner_id", "Ann"), ("id", "01a229ef-23a0-798a-95bb-95846d084b7")])
    func `what is no id is refused in a column of ids, and not taken for a record of elsewhere`(
        column: String, text: String
    ) throws {
        let mapping = try Mapping.read(
            """
            mapping: back
            source: daybook
            records:
              - entity: account
                id: id
                fields:
                  name: name
                  owner_id: {reference: member, id: owner_id, missing: empty}
            """, header: ["id", "name", "owner_id"], settings: ImportSettings(zone: "UTC", currency: nil))
        let id = "01a229ef-23a0-798a-95bb-95846d084b74"
        func wishes(_ cells: [String: String]) throws -> [Wish] {
            let row = FileRow(line: 2, [cells["id"] ?? id, "Acme", cells["owner_id"] ?? ""])
            return try Self.planner(mapping).wishes(row)
        }
        #expect(try wishes(["owner_id": id.uppercased()])[0].links[0].given == UUID(uuidString: id))
        let flaw = #expect(throws: RowFlaw.self) { try wishes([column: text]) }
        #expect(flaw?.code == "import.not_an_id" && flaw?.column == column)
    }
    @Test(arguments: [
        (4, "Negotiation", "deal_stage", "import.stage_unknown"), (5, "2017-02-30", "engage_date", "import.not_a_day"),
        (6, "1.3.2017", "close_date", "import.not_a_day"), (7, "10.555", "close_value", "import.not_an_amount"),
        (7, "1,054", "close_value", "import.not_an_amount"), (0, " ", "opportunity_id", "import.key_missing"),
    ])
    func `a cell that cannot be read is told by its column`(index: Int, text: String, column: String, code: String)
        throws
    {
        var row = ["1C1I7A6R", "Moses Frase", "GTX Plus Basic", "Cancity", "Won", "2016-10-20", "2017-03-01", "1054"]
        row[index] = text
        do {
            _ = try Self.wishes("maven-sales-pipeline.yaml", row)
            Issue.record("it was taken")
        } catch let flaw as RowFlaw {
            #expect(flaw.column == column)
            #expect(flaw.code == code)
        }
    }
    @Test func `values are read as the mapping says`() throws {
        let yaml = """
            mapping: t
            source: s
            numbers: {decimal: ",", thousands: "."}
            days: D.M.YYYY
            creates:
              custom: [{entity: account, key: since, label: Since, type: day}]
            records:
              - entity: account
                key: [id, branch]
                when: {kind: {not: person}}
                fields:
                  name: id
                  lifecycle: {column: kind, translate: {Kunde: customer}, unknown: refuse}
                  annual_revenue: {column: sum, currency: cur}
                  size: {column: size, default: small}
                  contacted: flag
                  billing_address.city: city
                  website: {column: web, empty: clear}
                custom: {since: since, other: {column: sum, parse: decimal}}
            """
        let header = ["id", "branch", "kind", "sum", "cur", "size", "flag", "city", "web", "since"]
        let planner = Self.planner(try MappingTests.read(yaml, header))
        let row = ["7", "a|b", "kunde", "1.234,50", "jod", "", "yes", "Graz", "", "1.2.2017"]
        let wish = try #require(try planner.wishes(FileRow(line: 2, row)).first)
        #expect(
            wish.fields == [
                "name": "7", "lifecycle": "customer", "annual_revenue": ["minor": 1_234_500, "currency": "JOD"],
                "size": "small", "contacted": true, "billing_address": ["city": "Graz"], "website": .null,
                "custom": ["since": "2017-02-01", "other": .number(1234.5)],
            ])
        #expect(wish.id == planner.identify("s", "account", "7|a\\|b"))
        #expect(try planner.wishes(FileRow(line: 3, ["7", "", "Person"] + row[3...])).isEmpty)
        #expect(throws: RowFlaw.self) { try planner.wishes(FileRow(line: 3, ["7", "", "dog"] + row[3...])) }
    }
    @Test func `an empty cell leaves alone what the record has, unless the mapping clears it`() throws {
        let yaml =
            "mapping: t\nsource: s\nrecords: [{entity: account, key: a, fields: {name: a, industry: b, website: {column: c, empty: clear}}}]"
        let planner = Self.planner(try MappingTests.read(yaml, ["a", "b", "c"]))
        let wish = try #require(try planner.wishes(FileRow(line: 2, ["x", "", ""])).first)
        #expect(wish.asks(.compared).map(\.body) == [["name": "x", "website": .null]])
        #expect(wish.asks(.made).map(\.body) == [["name": "x"]])
    }
    @Test func `a record that is there is compared: steps first, then what they and the fields say`() throws {
        let row = ["1C1I7A6R", "Moses Frase", "GTX Plus Basic", "", "Won", "2016-10-20", "2017-03-01", "1054"]
        let deal = try #require(try Self.wishes("maven-sales-pipeline.yaml", row).first)
        #expect(deal.asks(.made).map(\.act) == ["open", "win"])
        #expect(deal.asks(.made).map(\.occurredAt) == [try Self.day("2016-10-20"), try Self.day("2017-03-01")])
        #expect(deal.asks(.compared).map(\.act) == ["win", "edit"])
        #expect(deal.asks(.compareNow).map(\.occurredAt) == [nil, nil])
        #expect(deal.asks(.editedFirst).map(\.act) == ["edit", "win"])
        let edit = try #require(deal.asks(.compared)[1].body.object)
        #expect(Set(edit.keys) == ["title", "custom", "actual_close", "amount"])
    }
    @Test func `a past is told by the rules of the row itself: templates, currencies, and what was empty`() throws {
        let yaml = """
            mapping: t
            source: s
            records:
              - entity: account
                key: a
                fields:
                  name: {template: "{first|a}[ {last}]"}
                  annual_revenue: {column: sum, currency: cur}
                  billing_address.city: city
                  billing_address.country: land
                  parent_id: {reference: account, key: above, missing: empty}
                steps: [{act: archive, when: {gone: "1"}}]
                history: past
            """
        let header = ["a", "first", "last", "sum", "cur", "city", "land", "above", "gone", "past"]
        let planner = Self.planner(try MappingTests.read(yaml, header))
        let past = """
            [{"act": "create", "cells": {"last": "B", "sum": "5", "city": "", "above": "y", "gone": ""}},
             {"at": "2020-01-01T00:00:00Z", "act": "edit", "cells": {"last": "C", "above": "z"}},
             {"at": "2020-01-02T00:00:00Z", "act": "edit", "cells": {"sum": "", "city": "Graz", "above": ""}},
             {"at": "2020-01-03T00:00:00Z", "act": "edit", "cells": {"gone": "1"}}]
            """
        let row = ["x", "A", "C", "7", "EUR", "Graz", "AT", "", "1", past]
        let wish = try #require(try planner.wishes(FileRow(line: 2, row)).first)
        #expect(
            wish.first == [
                "name": "A B", "annual_revenue": ["minor": 500, "currency": "EUR"],
                "billing_address": ["country": "AT"],
            ])
        #expect(
            wish.past.map(\.body) == [
                ["name": "A C", "parent_id": .null],
                [
                    "annual_revenue": .null, "billing_address": ["city": "Graz", "country": "AT"],
                    "parent_id": .null,
                ],
                ["annual_revenue": ["minor": 700, "currency": "EUR"]],
            ])
        // Whom it stood under is set when it is known to be there; what was taken off the row is cleared.
        #expect(wish.links.map(\.place) == [.first, .past(0)] && wish.links.map(\.name) == ["y", "z"])
        #expect(wish.asks(.made).map(\.act) == ["create", "edit", "edit", "edit", "archive"])
        #expect(wish.asks(.made).last?.occurredAt?.text == "2020-01-03T00:00:00.000000Z")
        #expect(wish.asks(.madeAtOnce).map(\.occurredAt) == [nil, nil])
    }
    @Test func `of a step that is left out nothing is left`() throws {
        let yaml = """
            mapping: t
            source: s
            unfit: leave
            records:
              - entity: contact
                key: a
                fields: {last_name: a}
                steps:
                  - {act: affiliate, with: {account_id: {reference: account, key: b}, role: c}}
            """
        let planner = Self.planner(try MappingTests.read(yaml, ["a", "b", "c"]))
        let role = String(repeating: "x", count: 200)
        let wish = try #require(try planner.wishes(FileRow(line: 2, ["x", "y", role])).first)
        #expect(wish.steps.isEmpty && wish.links.isEmpty && wish.left.count == 1)
    }
}
