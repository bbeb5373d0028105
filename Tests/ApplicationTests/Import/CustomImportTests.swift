import CRM
import Foundation
import Kernel
import Testing

@testable import Application

/// Fields of an organization's own are filled from files.
@Suite struct CustomImportTests {
    private static let creates = """
        creates:
          custom:
            - {entity: contact, key: nick, label: Nick}
            - {entity: contact, key: score, label: Score, type: number}
            - {entity: contact, key: fee, label: Fee, type: money}
            - {entity: contact, key: born, label: Born, type: day}
            - {entity: contact, key: seen, label: Seen, type: instant}
            - {entity: contact, key: grade, label: Grade, type: choice, choices: [A, B]}
            - {entity: contact, key: likes, label: Likes, type: choices, choices: [Tea, Coffee, Water]}
            - {entity: contact, key: site, label: Site, type: link}
            - {entity: contact, key: firm, label: Firm, type: reference, target: account}
            - {entity: contact, key: vip, label: VIP, type: checkbox}

        """
    private static let records = """
        records:
          - entity: account
            key: firm
            when: {firm: {empty: false}}
            fields: {name: firm}
          - entity: contact
            key: id
            fields: {last_name: name}
            custom:
              nick: nick
              score: score
              fee: {column: fee, currency: cur}
              born: born
              seen: seen
              grade: grade
              likes: {column: likes, translate: {Kaffee: Coffee}}
              site: site
              firm: {reference: account, key: firm}
              vip: {column: vip, empty: clear}
        """
    private static let head = "mapping: t\nsource: test\n"
    private static let csv = """
        id,name,nick,score,fee,cur,born,seen,grade,likes,site,firm,vip
        1,Love,Zoë,-1.5,5.00,EUR,1990-05-01,2026-01-05T10:00:00Z,a,Tea; kaffee ,a.example.com,Acme,yes

        """
    private static func expected(_ house: ImportHouse) async throws -> JSON {
        [
            "nick": "Zoë", "score": .number(-1.5), "fee": ["minor": 500, "currency": "EUR"], "born": "1990-05-01",
            "seen": "2026-01-05T10:00:00.000000Z", "grade": "A", "likes": ["Tea", "Coffee"],
            "site": "https://a.example.com", "firm": .string(try await house.id("account", "Acme").text), "vip": true,
        ]
    }

    @Test func `a field of each type is defined and filled by a file, again without effect, and changed`() async throws
    {
        for type in FieldSet.Definition.Kind.allCases where type != .text {
            let isThere = ["}", ","].contains { Self.creates.contains("type: \(type.rawValue)\($0)") }
            #expect(isThere, "\(type) has no column")
        }
        let house = try await ImportHouse()
        let mapping = Self.head + Self.creates + Self.records
        let first = try await house.run(Self.csv, mapping)
        #expect(first.accepted == 1 && first.rejected == 0, "\((try? house.rejected()) ?? [])")
        #expect(try await house.record(Contact.self, "1")?["custom"] == Self.expected(house))
        let again = try await house.run(Self.csv, mapping)
        #expect(again.unchanged == 1 && again.events == 0, "\(again)")
        let member = try await house.run(Self.csv.replacing("1,Love", with: "3,Lake"), mapping, role: .member)
        #expect(member.accepted == 1, "who may not define fields fills those that are there")
        let changed = Self.csv.replacing("Tea; kaffee ", with: "\"[\"\"Water\"\"]\"").replacing(",yes", with: ",")
        #expect(try await house.run(changed, mapping).events == 1)
        let custom = try await house.record(Contact.self, "1")?["custom"]
        #expect(custom?["likes"] == ["Water"] && custom?["vip"] == nil)
    }

    @Test func `fields that the organization defined itself are read as it defined them`() async throws {
        let house = try await ImportHouse()
        _ = try await house.run(Self.csv, Self.head + Self.creates + Self.records)
        let other = try await house.run(
            Self.csv.replacing("1,Love,Zoë", with: "2,Lace,Ada"), Self.head + Self.records)
        #expect(other.accepted == 1, "\(other)")
        var expected = try await Self.expected(house).object ?? [:]
        expected["nick"] = "Ada"
        #expect(try await house.record(Contact.self, "2")?["custom"] == .object(expected))
    }

    @Test func `a word that is none of many choices, and a record that is not there, are told by their columns`()
        async throws
    {
        let house = try await ImportHouse()
        let onlyContacts =
            "records:\n"
            + Self.records.suffix(
                from: try #require(
                    Self.records.range(of: "  - entity: contact")
                ).lowerBound)
        let mapping = Self.head + Self.creates + onlyContacts
        let summary = try await house.run(
            Self.csv.replacing("Tea; kaffee ", with: "Tea;Rum").replacing("Acme", with: "")
                + Self.csv.split(separator: "\n")[1].replacing("1,Love", with: "2,Love") + "\n", mapping)
        #expect(summary.rejected == 2, "\(summary)")
        #expect(try house.rejected().dropFirst().map { $0[1] }.sorted() == ["firm", "likes"])
    }

    @Test func `a record is meant by the id that Daybook gave it where it is here, else by its name at the source`()
        async throws
    {
        let house = try await ImportHouse()
        let mapping = """
            mapping: t
            source: test
            records:
              - entity: account
                id: id
                fields:
                  name: name
                  parent_id: {reference: account, id: parent}
            """
        let here = try await house.house.ask("account", .new, "create", ["name": "Here"]).results[0].id
        let away = UUID()
        let csv = "id,name,parent\n\(here.text),Renamed,\n\(away.text),Away,\(here.text)\n"
        let first = try await house.run(csv, mapping)
        #expect(first.accepted == 2 && first.events == 2, "\(first)")
        #expect(try await house.record(Account.self, away.text)?.id("parent_id") == here)
        #expect(try await house.record(Account.self, here.text) == nil, "it was made under no second id")
        #expect(try await house.run(csv, mapping).events == 0)
    }
}
