import CRM
import Foundation
import Kernel
import Testing

/// A generated sales history, and what it amounts to, kept by hand as it is told: the naive fold.
final class SalesHistory {
    /// What a deal is in the end.
    struct DealFact {
        var id = UUID()
        var title: String
        var status = "open"
        var amount: Money?
        var probability: Int64?
        var stage: Int
        var owner: Int?
        var account: Int?
        var product: Int?
        var source: String?
        var opened: Instant
        var expected: Day?
        var actual: Day?
        var isArchived = false
    }
    struct Stage {
        let id = UUID()
        let name: String
        let kind: String
        let probability: Int64
    }

    let ledger = Ledger()
    let zone: String
    let fiscalStart: Int64
    let stages = [
        Stage(name: "Prospecting", kind: "open", probability: 10),
        Stage(name: "Engaging", kind: "open", probability: 45),
        Stage(name: "Won", kind: "won", probability: 100), Stage(name: "Lost", kind: "lost", probability: 0),
    ]
    let pipeline = UUID()
    let regions = ["Central", "East", "Central"]
    let teams = (0..<3).map { _ in UUID() }
    let members = (0..<7).map { _ in UUID() }
    let accounts = (0..<12).map { _ in UUID() }
    let contacts = (0..<9).map { _ in UUID() }
    let products = (0..<4).map { _ in UUID() }
    private(set) var deals: [DealFact] = []
    /// What a euro is worth in dollars, by the day from which on.
    private(set) var rates: [(day: Day, rate: Double)] = []
    private var random: Seeded
    private var clock: Instant

    init(seed: UInt64, deals count: Int, zone: String = "Europe/Paris", fiscalStart: Int64 = 1) throws {
        (random, self.zone, self.fiscalStart) = (Seeded(seed), zone, fiscalStart)
        clock = try #require(Instant("2016-09-01T00:00:00Z"))
        try tellMasters()
        for number in 0..<count {
            if number % 25 == 0 { try tellRate(1.05 + Double(number) / 1000, isKept: number / 25 % 3 < 2) }
            try tellDeal(number)
        }
    }

    /// The team of a member.
    func team(_ member: Int) -> Int { member % 3 }

    private func later() -> Instant {
        clock = Instant(microseconds: clock.microseconds + Int64.random(in: 1...30_000_000_000, using: &random))
        return clock
    }

    private func tellMasters() throws {
        let organization = Record([
            "name": "Sales", "currency": "USD", "time_zone": .string(zone), "fiscal_year_start": .integer(fiscalStart),
        ])
        try ledger.tell(ledger.organization, Organization.Event.created(organization), at: later())
        for (index, id) in teams.enumerated() {
            let team = Record(["name": .string("Team \(index)"), "region": .string(regions[index])])
            try ledger.tell(id, Team.Event.created(team), at: later())
        }
        for (index, id) in members.enumerated() {
            let member = Record([
                "name": .string("Agent \(index)"), "role": "member", "team_id": .string(teams[team(index)].text),
            ])
            try ledger.tell(id, Member.Event.added(member), at: later())
        }
        for (index, id) in accounts.enumerated() {
            let account = Record([
                "name": .string("Account \(index)"), "lifecycle": index % 3 == 0 ? "customer" : "lead",
                "custom": ["segment": index % 2 == 0 ? "north" : "south", "founded": .integer(Int64(1990 + index))],
                "annual_revenue": ["minor": .integer(Int64(index) * 1000), "currency": "USD"],
            ])
            try ledger.tell(id, Account.Event.created(account), at: later())
        }
        for (index, id) in contacts.enumerated() {
            let contact = Record([
                "first_name": .string("First \(index)"), "last_name": .string("Last 100% \(index)_"),
                "status": "active",
                "primary_email": .string("c\(index)@example.com"),
                "primary_account_id": .string(accounts[index].text),
            ])
            try ledger.tell(id, Contact.Event.created(contact), at: later())
        }
        for (index, id) in products.enumerated() {
            try ledger.tell(id, Product.Event.created(Record(["name": .string("Product \(index)")])), at: later())
        }
        var map: [String: JSON] = [:]
        for (index, stage) in stages.enumerated() {
            map[stage.id.text] = [
                "name": .string(stage.name), "kind": .string(stage.kind), "position": .integer(Int64(index + 1)),
                "probability": .integer(stage.probability),
            ]
        }
        let pipeline = Record(["name": "Sales pipeline", "stages": .object(map)])
        try ledger.tell(self.pipeline, Pipeline.Event.created(pipeline), at: later())
        let definitions: JSON = [
            "segment": ["label": "Segment", "type": "text"], "founded": ["label": "Founded", "type": "number"],
        ]
        let defined = FieldSet.Event.defined(fields: try definitions.decode([String: FieldSet.Definition].self))
        try ledger.tell(FieldSet.id(of: "account"), defined, at: later())
    }

    /// A rate of the day, which is corrected by a thousandth at once; every third is taken back for good.
    private func tellRate(_ rate: Double, isKept: Bool) throws {
        let (id, at) = (UUID(), later())
        let day = Day(number: Int32(at.microseconds / 86_400_000_000))
        let record = Record(["currency": "EUR", "day": .string(day.text), "base": "USD", "rate": .number(rate)])
        try ledger.tell(id, Rate.Event.published(record), at: at)
        try ledger.tell(id, Rate.Event.corrected(set: Patch(["rate": .number(rate + 0.001)])), at: later())
        if isKept {
            rates.append((day, rate + 0.001))
        } else {
            try ledger.tell(id, Rate.Event.archived, at: later())
        }
    }
    /// What so many cents of a euro are in cents of a dollar at the rate of a day; nil where there is none.
    func dollars(_ cents: Int64, on day: Day) -> Int64? {
        guard let rate = rates.last(where: { $0.day <= day })?.rate else { return nil }
        var exact = Decimal(cents) * Decimal(string: "\(rate)")!
        var rounded = Decimal()
        NSDecimalRound(&rounded, &exact, 0, .plain)
        return NSDecimalNumber(decimal: rounded).int64Value
    }

    private func tellDeal(_ number: Int) throws {
        let opened = later()
        var deal = DealFact(title: "Deal \(number)", stage: 0, opened: opened)
        if chance(80) { deal.amount = money() }
        if chance(30) { deal.probability = .random(in: 0...100, using: &random) }
        if chance(90) { deal.owner = .random(in: 0..<members.count, using: &random) }
        if chance(80) { deal.account = .random(in: 0..<accounts.count, using: &random) }
        if chance(85) { deal.product = .random(in: 0..<products.count, using: &random) }
        if chance(60) { deal.source = ["web", "fair", "referral"].randomElement(using: &random) }
        if chance(70) { deal.expected = day(after: opened) }
        try ledger.tell(deal.id, Deal.Event.opened(record(deal)), at: opened)
        if chance(70) {
            try ledger.tell(deal.id, Deal.Event.moved(from: stages[0].id, to: stages[1].id), at: later())
            deal.stage = 1
        }
        if chance(20) {
            deal.amount = chance(50) ? money() : nil
            try ledger.tell(deal.id, Deal.Event.edited(set: Patch(["amount": deal.amount?.json ?? .null])), at: later())
        }
        if chance(60) { try close(&deal) }
        if deal.status != "open", chance(15) {
            try ledger.tell(
                deal.id, Deal.Event.reopened(from: stages[deal.stage].id, stage_id: stages[0].id), at: later())
            (deal.stage, deal.status, deal.actual) = (0, "open", nil)
        }
        if chance(10) {
            try ledger.tell(deal.id, Deal.Event.archived, at: later())
            deal.isArchived = true
        }
        deals.append(deal)
    }

    private func close(_ deal: inout DealFact) throws {
        let (from, actual) = (stages[deal.stage].id, day(after: deal.opened))
        if chance(65) {
            if chance(40) { deal.amount = money() }
            let event = Deal.Event.won(from: from, stage_id: stages[2].id, actual_close: actual, amount: deal.amount)
            try ledger.tell(deal.id, event, at: later())
            (deal.stage, deal.status, deal.actual) = (2, "won", actual)
        } else {
            let event = Deal.Event.lost(from: from, stage_id: stages[3].id, actual_close: actual, lost_reason: "price")
            try ledger.tell(deal.id, event, at: later())
            (deal.stage, deal.status, deal.actual) = (3, "lost", actual)
        }
    }

    private func record(_ deal: DealFact) -> Record {
        var values: [String: JSON] = [
            "title": .string(deal.title), "pipeline_id": .string(pipeline.text), "stage_id": .string(stages[0].id.text),
        ]
        values["amount"] = deal.amount?.json
        values["probability"] = deal.probability.map { .integer($0) }
        values["owner_id"] = deal.owner.map { .string(members[$0].text) }
        values["account_id"] = deal.account.map { .string(accounts[$0].text) }
        values["product_id"] = deal.product.map { .string(products[$0].text) }
        values["source"] = deal.source.map { .string($0) }
        values["expected_close"] = deal.expected.map { .string($0.text) }
        return Record(values)
    }

    private func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    private func money() -> Money {
        let currency = chance(75) ? "USD" : "EUR"
        return Money(minor: .random(in: 1...5_000_000, using: &random), currency: Currency(currency)!)
    }
    private func day(after instant: Instant) -> Day {
        Day(number: Int32(instant.microseconds / 86_400_000_000) + .random(in: 0...200, using: &random))
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
