import CRM
import DomainTesting
import FoundationEssentials
import Kernel
import Testing

@Suite struct DealLineTests {
    static let pump = UUID.number(31), valve = UUID.number(32), line = UUID.number(41)
    static func product(_ id: UUID, _ price: JSON) -> Other {
        Other(Product.self, id, [.created(Record(["name": "x", "price": price]))])
    }
    static let others = [
        DealTests.pipeline(), DealTests.organization, product(pump, euros(5000)), product(valve, .null),
    ]
    static func euros(_ minor: Int64) -> JSON { ["minor": .integer(minor), "currency": "EUR"] }
    static func line(_ product: UUID, _ price: Int64, _ amount: Int64, quantity: JSON = 1, discount: JSON? = nil)
        -> JSON
    {
        var line: [String: JSON] = [
            "product_id": .string(product.text), "quantity": quantity, "unit_price": euros(price),
            "amount": euros(amount),
        ]
        line["discount_percent"] = discount
        return .object(line)
    }
    static func changed(_ id: UUID, _ line: JSON, _ sum: Int64?) -> Deal.Event {
        .linesChanged(lines: Patch([id.text: line]), amount: sum.flatMap { Money(euros($0)) })
    }
    let opened = Deal.Event.opened(Record(DealTests.fields))
    func deal(_ events: Deal.Event...) -> Given<Deal> { given(Deal.self, [opened] + events, with: Self.others) }
    let lined = changed(line, line(pump, 5000, 5000), 5000)

    @Test func `a line has the product's price where none is given, and the amount follows`() throws {
        let body: [String: JSON] = [
            "product_id": .string(Self.pump.text), "quantity": .number(2.5), "discount_percent": 10,
        ]
        let line = Self.line(Self.pump, 5000, 11_250, quantity: .number(2.5), discount: 10)
        let after = try deal().when("add_line", body).then(Self.changed(.number(1), line, 11_250), recurs: true)
        #expect(Deal.record(after.state)?["amount"] == Self.euros(11_250))
        try deal().when("add_line", ["product_id": .string(Self.valve.text)]).thenRefused(.linePriceMissing)
    }
    @Test func `a deal opens with lines: as objects, or only their products`() throws {
        let lines: JSON = [
            .string(Self.pump.text), ["product_id": .string(Self.valve.text), "unit_price": Self.euros(99)],
        ]
        var body = DealTests.fields
        body["amount"] = nil
        body["lines"] = lines
        var fields = DealTests.fields
        fields["amount"] = Self.euros(5099)
        fields["lines"] = .object([
            UUID.number(1).text: Self.line(Self.pump, 5000, 5000), UUID.number(2).text: Self.line(Self.valve, 99, 99),
        ])
        try given(Deal.self, with: Self.others).when("open", body).then(.opened(Record(fields)))
        body["amount"] = Self.euros(1)
        try given(Deal.self, with: Self.others).when("open", body).thenRefused(.amountFollowsLines)
    }
    @Test func `an amount of its own is refused while there are lines, also at the win`() throws {
        let other = Self.euros(7)
        try deal(lined).when("edit", ["amount": other]).thenRefused(.amountFollowsLines)
        try deal(lined).when("win", ["amount": other]).thenRefused(.amountFollowsLines)
        try deal(lined).when("edit", ["amount": Self.euros(5000)]).then()
        try deal(lined).when("edit", ["amount": other, "lines": .null]).then(
            .edited(set: Patch(["amount": other])), Self.changed(Self.line, .null, nil))
    }
    @Test func `a line that is changed keeps its price, unless its product changes`() throws {
        let dear = deal(Self.changed(Self.line, Self.line(Self.pump, 7000, 7000), 7000))
        try dear.when("change_line", ["line_id": .string(Self.line.text), "quantity": 3]).then(
            Self.changed(Self.line, Self.line(Self.pump, 7000, 21_000, quantity: 3), 21_000))
        try dear.when("change_line", ["line_id": .string(Self.line.text), "product_id": .string(Self.valve.text)])
            .thenRefused(.linePriceMissing)
        try dear.when("change_line", ["line_id": .string(UUID.number(99).text)]).thenRefused(.lineUnknown)
    }
    @Test func `without its last line a deal keeps the amount it had`() throws {
        let after = try deal(lined).when("remove_line", ["line": .string(Self.line.text)])
            .then(Self.changed(Self.line, .null, nil))
        #expect(Deal.record(after.state)?["amount"] == Self.euros(5000))
        #expect(Deal.record(after.state)?["lines"] == nil)
        try after.when("remove_line", ["line": .string(Self.line.text)]).thenRefused(.lineUnknown)
    }
    @Test func `an array stands for all lines, and those that are there keep their ids`() throws {
        let valve: JSON = ["product_id": .string(Self.valve.text), "unit_price": Self.euros(1)]
        try deal(lined).when("edit", ["lines": [.string(Self.pump.text), valve]]).then(
            Self.changed(.number(1), Self.line(Self.valve, 1, 1), 5001))
        try deal(lined).when("edit", ["lines": [.string(Self.pump.text)]]).then()
    }
    @Test func `lines are in one currency, no finer than can be counted, and not endless`() throws {
        let dollars: JSON = ["minor": 5, "currency": "USD"]
        let pump = JSON.string(Self.pump.text)
        try deal(lined).when("add_line", ["product_id": pump, "unit_price": dollars]).thenRefused(.lineCurrencies)
        try deal().when("add_line", ["product_id": pump, "quantity": .number(0.0015)]).thenRefused(.lineTooFine)
        try deal().when("add_line", ["product_id": pump, "discount_percent": .number(0.125)]).thenRefused(.lineTooFine)
        let price: JSON = ["minor": .integer(Money.range.upperBound), "currency": "EUR"]
        try deal().when("add_line", ["product_id": pump, "unit_price": price, "quantity": 2])
            .thenRefused(.amountTooLarge)
        let many = JSON.array(Array(repeating: pump, count: 101))
        try deal().when("edit", ["lines": many]).thenRefused(.tooManyLines)
    }
    @Test func `a deal is lost to somebody, and reopening forgets to whom`() throws {
        let event = Deal.Event.lost(
            from: DealTests.lead, stage_id: DealTests.lost, actual_close: Scene.today, lost_reason: "price",
            lost_to: "Bolt")
        let lost = try deal().when("lose", ["reason": "price", "competitor": "Bolt"]).then(event)
        #expect(Deal.record(lost.state)?["lost_to"] == "Bolt")
        let again = try lost.when("reopen").then(.reopened(from: DealTests.lost, stage_id: DealTests.lead))
        #expect(Deal.record(again.state)?["lost_to"] == nil)
    }
}
