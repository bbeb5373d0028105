import Foundation
import Kernel
import Testing

@testable import Projections

/// Rows that are found by values in the events.
@Suite(.timeLimit(.minutes(3))) struct KeyedTests {
    private static let portfolios = file(
        "portfolios.yaml",
        """
        projection: portfolios
        key: [owner, month]
        columns: {owner: uuid, month: text, deals: bigint, amount: bigint, titles: json}
        on:
          deal.opened:
            owner: .owner
            month: {month: $occurred_at}
            deals: {add: 1}
            amount: {add: .amount}
            titles: {collect: .title}
          deal.handed:
            - {owner: .from, month: {month: $occurred_at}, deals: {add: -1}, amount: {subtract: .amount}}
            - {owner: .to, month: {month: $occurred_at}, deals: {add: 1}, amount: {add: .amount}}
        totals: {by: [month], count: owners, sum: amount}
        """)
    private static let lines = file(
        "lines.yaml",
        """
        projection: lines
        key: [offer, sku]
        columns: {offer: uuid, sku: text, quantity: bigint, note: text}
        on:
          offer.changed:
            - each: .lines
              when: {$item: {is: present}}
              offer: $stream
              sku: $name
              quantity: $item.quantity
              note: {first: [$item.note, none]}
            - {each: .lines, when: {$item: null}, offer: $stream, sku: $name, remove: true}
        """)

    private func told(_ stream: UUID, _ version: Int32, _ type: String, _ data: String) -> Told {
        Told(stream: stream, version: version, type: type, data: data)
    }
    private func owners(_ world: World) async throws -> [String] {
        try await world.texts(
            "SELECT concat_ws(' ', CASE owner WHEN '\(ada.text)' THEN 'ada' ELSE 'bob' END, month, deals, amount,"
                + " titles)"
                + " FROM read.portfolios ORDER BY 1")
    }
    private let ada = UUID(uuidString: "00000000-0000-4000-8000-00000000000a") ?? UUID()
    private let bob = UUID(uuidString: "00000000-0000-4000-8000-00000000000b") ?? UUID()

    @Test func `what moves from one key to another is taken from one row and put to the other`() async throws {
        let world = try await World()
        try await world.models.deploy([Self.portfolios, Self.lines])
        let runner = world.runner()
        let (a, b) = (UUID(), UUID())
        try await world.append([
            told(a, 1, "deal.opened", "{\"owner\":\"\(ada.text)\",\"amount\":70,\"title\":\"A\"}"),
            told(b, 1, "deal.opened", "{\"owner\":\"\(ada.text)\",\"amount\":30,\"title\":\"B\"}"),
            told(UUID(), 1, "deal.opened", "{\"owner\":null,\"amount\":30}"),
        ])
        #expect(try await world.settled(2))
        try await world.append([
            told(a, 2, "deal.handed", "{\"from\":\"\(ada.text)\",\"to\":\"\(bob.text)\",\"amount\":70}")
        ])
        #expect(try await world.settled(2))
        let expected = ["ada 2023-11 1 30 [\"A\", \"B\"]", "bob 2023-11 1 70"]
        #expect(try await owners(world) == expected)
        #expect(
            try await world.texts("SELECT month || ' ' || owners || ' ' || amount FROM read.portfolios_totals") == [
                "2023-11 2 100"
            ])
        for found in try await world.models.verify() { #expect(found.differences == []) }
        try await world.models.rebuild()
        #expect(try await owners(world) == expected)
        runner.cancel()
        await runner.value
        // The key is an index of its own, and nobody else's row is seen.
        let keys = try await world.texts("SELECT indexdef FROM pg_indexes WHERE indexname = 'portfolios_key'")
        #expect(keys.map { $0.hasSuffix("(organization_id, owner, month)") } == [true])
        #expect(try await world.number("SELECT count(*) FROM pg_policies WHERE tablename = 'portfolios'") == 2)
        let columns = try await world.texts(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'portfolios'"
                + " ORDER BY ordinal_position"
        )
        #expect(columns.prefix(4) == ["organization_id", "id", "owner", "month"] && !columns.contains("version"))
    }

    @Test func `an event makes one row for each element, and takes those away that are null`() throws {
        let offer = UUID()
        let engine = try Engine(file: "lines.yaml", text: Self.lines.text)
        engine.apply([
            Told(
                stream: offer, version: 1, type: "offer.changed",
                data: #"{"lines":{"a":{"quantity":2,"note":"blue"},"b":{"quantity":1}}}"#, position: 1),
            Told(
                stream: offer, version: 2, type: "offer.changed",
                data: #"{"lines":{"b":null,"c":{"quantity":5},"a":{"quantity":3}}}"#, position: 2),
        ])
        let rows = try engine.lines().map { line in
            let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            return "\(row["sku"] ?? "") \(row["quantity"] ?? "") \(row["note"] ?? "") \(row["position"] ?? "")"
        }
        #expect(rows.sorted() == ["a 3 none 2", "c 5 none 2"])
    }

    @Test func `an event is applied to all of its rows or to none`() throws {
        let offer = UUID()
        let engine = try Engine(file: "lines.yaml", text: Self.lines.text)
        engine.apply([
            Told(
                stream: offer, version: 1, type: "offer.changed", data: #"{"lines":{"a":{"quantity":2}}}"#,
                position: 1),
            Told(
                stream: offer, version: 2, type: "offer.changed",
                data: #"{"lines":{"a":{"quantity":9},"b":{"quantity":1},"c":{"quantity":"many"}}}"#, position: 2),
        ])
        #expect(engine.projections[0].holds.map(\.column) == ["quantity"])
        #expect(try engine.lines().count == 1)
        #expect(try engine.lines()[0].contains("\"quantity\":2"))
    }

    @Test func `rows that several streams feed go on while one is held, and are healed in the log's order`()
        async throws
    {
        let world = try await World()
        // Who opened or changed a deal last is the row's name.
        let text = """
            projection: desks
            key: [desk]
            columns: {desk: text, last: text, moves: bigint}
            on:
              deal.opened: {desk: .desk, last: .who, moves: {add: 1}}
              deal.changed: {desk: .desk, last: .who, moves: {add: .by}}
            """
        try await world.models.deploy([file("desks.yaml", text)])
        try await world.execute("ALTER TABLE read.desks ADD CONSTRAINT nice CHECK (last <> 'bad')")
        let runner = world.runner()
        let (a, b) = (UUID(), UUID())
        try await world.append([
            told(a, 1, "deal.opened", #"{"desk":"x","who":"ann"}"#),
            told(b, 1, "deal.opened", #"{"desk":"y","who":"bob"}"#),
            told(a, 2, "deal.changed", #"{"desk":"x","who":"bad","by":10}"#),
        ])
        #expect(try await world.settled())
        try await world.append([
            told(b, 2, "deal.changed", #"{"desk":"x","who":"bob","by":100}"#),
            told(a, 3, "deal.changed", #"{"desk":"y","who":"ann","by":1000}"#),
            told(b, 3, "deal.changed", #"{"desk":"y","who":"bea","by":10000}"#),
        ])
        #expect(try await world.settled())
        let desks = "SELECT desk || ' ' || last || ' ' || moves FROM read.desks ORDER BY 1"
        #expect(try await world.texts(desks) == ["x bob 101", "y bea 10001"])
        #expect(try await world.texts("SELECT code || ' ' || position FROM read.held") == ["23514 3"])
        for found in try await world.models.verify() { #expect(found.differences == []) }
        try await world.execute("ALTER TABLE read.desks DROP CONSTRAINT nice")
        #expect(try await world.models.heal().map(\.healed) == [1])
        #expect(try await world.texts(desks) == ["x bob 111", "y bea 11001"])
        for found in try await world.models.verify() { #expect(found.differences == [] && found.position == 6) }
        try await world.append([told(a, 4, "deal.changed", #"{"desk":"x","who":"ann","by":1}"#)])
        #expect(try await world.settled())
        #expect(try await world.texts(desks) == ["x ann 112", "y bea 11001"])
        runner.cancel()
        await runner.value
    }

    @Test func `rows of one stream are healed from that stream, and a gap in its versions holds it`() async throws {
        let world = try await World()
        try await world.models.deploy([Self.lines])
        try await world.execute("ALTER TABLE read.lines ADD CONSTRAINT nice CHECK (quantity < 100)")
        let runner = world.runner()
        let (a, b) = (UUID(), UUID())
        try await world.append([
            told(a, 1, "offer.changed", #"{"lines":{"x":{"quantity":2},"y":{"quantity":1}}}"#),
            told(b, 1, "offer.changed", #"{"lines":{"x":{"quantity":7}}}"#),
            told(a, 2, "offer.changed", #"{"lines":{"x":{"quantity":200},"z":{"quantity":3}}}"#),
        ])
        #expect(try await world.settled())
        try await world.append([
            told(a, 3, "offer.changed", #"{"lines":{"y":null}}"#),
            told(b, 3, "offer.changed", #"{"lines":{"x":null}}"#),
        ])
        #expect(try await world.settled())
        let rows = "SELECT sku || ' ' || quantity FROM read.lines ORDER BY 1"
        #expect(try await world.texts(rows) == ["x 2", "x 7", "y 1"])
        #expect(try await world.texts("SELECT code FROM read.held ORDER BY 1") == ["23514", "version_gap"])
        for found in try await world.models.verify() { #expect(found.differences == []) }
        try await world.execute("ALTER TABLE read.lines DROP CONSTRAINT nice")
        let healing = try await world.models.heal()
        #expect(healing.map(\.healed) == [1] && healing.map(\.held) == [1])
        #expect(try await world.texts(rows) == ["x 200", "x 7", "z 3"])
        for found in try await world.models.verify() { #expect(found.differences == []) }
        runner.cancel()
        await runner.value
    }

    @Test func `a list that grows without end holds its stream, and so does a set of what has no order`() throws {
        let text = """
            projection: bags
            key: stream
            columns: {list: json, set: json}
            on: {bag.filled: {list: {append: .many}, set: {collect: .one}}}
            """
        let bag = UUID()
        func folded(_ data: String...) throws -> [Hold] {
            let engine = try Engine(file: "bags.yaml", text: text)
            engine.apply(
                data.enumerated().map {
                    Told(
                        stream: bag, version: Int32($0 + 1), type: "bag.filled", data: $1, position: Int64($0 + 1))
                })
            return engine.projections[0].holds
        }
        let many = "[" + (0..<1000).map(String.init).joined(separator: ",") + "]"
        #expect(try folded("{\"many\":\(many)}") == [])
        #expect(try folded("{\"many\":\(many)}", "{\"many\":1}").map(\.code) == ["overflow"])
        #expect(try folded(#"{"one":{"a":1}}"#).map(\.code) == ["wrong_type"])
    }
}
