import CRM
import FoundationEssentials
import Kernel
import Vault

/// A small generated company for trying Daybook out: two teams, two dozen accounts, half a year of deals. The same
/// numbers each time it is made; repeating it changes nothing, since its ids are derived from their names.
struct Demonstration: Sendable {
    let commands: Commands
    let caller: Caller
    let keys: OrganizationKeys
    let pipeline: UUID
    /// In which the organization counts.
    let currency: String?
    let stages: [UUID]
    private var random: Sequence64

    /// - Parameter pipeline: the pipeline that the deals lie on, with its open stages in order.
    init(
        commands: Commands, caller: Caller, keys: OrganizationKeys, pipeline: UUID, openStages: [UUID],
        currency: String?, seed: UInt64 = 2026
    ) {
        (self.commands, self.caller, self.keys, self.pipeline, stages) = (commands, caller, keys, pipeline, openStages)
        self.currency = currency
        random = Sequence64(state: seed)
    }

    /// Puts it into the organization.
    /// - Throws: the first problem met; what came before it stays and is not made twice.
    mutating func load() async throws(Problem) {
        try await carryOut(people())
        try await carryOut(goods())
        try await carryOut(customers())
        try await carryOut(contacts())
        try await carryOut(trades())
        try await carryOut(tags())
        try await carryOut(campaigns())
        try await carryOut(audience())
        try await carryOut(projects())
        for result in await commands.executeEach(taggings(), by: caller) { _ = try result.get() }
        for start in stride(from: 0, to: 120, by: 40) { try await carryOut((start..<start + 40).map { deal($0) }) }
        try await carryOut(work())
        try await carryOut(mail())
        try await carryOut(leads())
    }

    /// What is there already stays as it is.
    private func carryOut(_ units: [[Ask]]) async throws(Problem) {
        let ids = try units.map { unit throws(Problem) in try commands.targets(unit, keys)[0] }
        let made = try await commands.existing(ids, in: caller.organization)
        let missing = zip(units, ids).filter { !made.contains($0.1) }.map(\.0)
        for result in await commands.executeEach(missing, by: caller) { _ = try result.get() }
    }

    func ask(_ entity: String, _ id: String, _ act: String, _ body: JSON, at: Instant? = nil) -> Ask {
        Ask(entity, .external(source: Self.source, id: id), act, body, occurredAt: at)
    }
    func id(_ entity: String, _ external: String) -> JSON {
        .string(keys.importID(source: Self.source, entity: entity, externalID: Normal.key(external) ?? "").text)
    }
    static let source = "demonstration"
}

// MARK: What does it hold?

extension Demonstration {
    static let sellers = [
        "Ada Quist", "Bram Oyelaran", "Chiara Lund", "Dmitri Acheampong", "Esme Takahashi", "Farid Novak",
    ]
    static let firms = [
        "Alder Robotics", "Basalt Foods", "Cobalt Freight", "Dunlin Energy", "Elmwood Clinics", "Fathom Marine",
        "Garnet Textiles", "Heron Analytics", "Ivory Tools", "Juniper Hotels", "Kestrel Air", "Lumen Schools",
    ]
    static let products = [
        ("Sensor Kit", 49_900), ("Gateway", 189_000), ("Support Plan", 120_000), ("Analytics", 640_000),
    ]

    private func people() -> [[Ask]] {
        var units: [[Ask]] = []
        for (team, region) in [("North", "Europe"), ("South", "Americas")] {
            units.append([ask(Team.name, team, "create", ["name": .string(team), "region": .string(region)])])
        }
        for (index, name) in Self.sellers.enumerated() {
            let team = id(Team.name, index % 2 == 0 ? "North" : "South")
            units.append([ask(Member.name, name, "add", ["name": .string(name), "team_id": team])])
        }
        return units
    }

    private func goods() -> [[Ask]] {
        Self.products.map { name, price in
            [ask(Product.name, name, "create", ["name": .string(name), "price": Self.usd(Int64(price))])]
        }
    }

    /// What two currencies are worth, a second pipeline that a team has to itself, and a deal of several products.
    private func trades() -> [[Ask]] {
        // They are worth this in dollars.
        let known = currency == "USD" ? [("EUR", 1.0834), ("GBP", 1.2675)] : []
        let rates = known.map { currency, rate in
            [
                ask(
                    Rate.name, currency, "publish",
                    [
                        "currency": .string(currency), "day": .string(commands.clock().day().text),
                        "rate": .number(rate),
                    ])
            ]
        }
        let team: JSON = ["with": ["entity": .string(Team.name), "id": id(Team.name, "North")]]
        let partners = [
            ask(Pipeline.name, "partners", "create", ["name": "Partners", "template": "trailtrack"]),
            ask(Pipeline.name, "partners", "share", team),
        ]
        let fitting: JSON = [
            "title": "Fitting out Dunlin Energy", "pipeline_id": .string(pipeline.text),
            "account_id": id(Account.name, "Dunlin Energy"), "owner_id": id(Member.name, Self.sellers[0]),
            "lines": [
                ["product_id": id(Product.name, "Sensor Kit"), "quantity": 40, "discount_percent": 5],
                ["product_id": id(Product.name, "Gateway"), "quantity": 2],
            ], "competitors": ["Brightline"], "forecast": "best_case", "next_step": "Send the drawings",
        ]
        return rates + [partners, [ask(Deal.name, "fitting", "open", fitting)]]
    }

    private mutating func customers() -> [[Ask]] {
        var units: [[Ask]] = []
        for name in Self.firms {
            let body: JSON = [
                "name": .string(name), "industry": .string(pick(["manufacturing", "retail", "health", "logistics"])),
                "size": .string(pick(["startup", "small", "medium", "enterprise"])),
                "lifecycle": .string(pick(["prospect", "customer"])),
                "owner_id": id(Member.name, pick(Self.sellers)),
                "employee_count": .integer(Int64(10 + random.below(5000))),
            ]
            units.append([ask(Account.name, name, "create", body)])
        }
        return units
    }

    private mutating func contacts() -> [[Ask]] {
        var units: [[Ask]] = []
        for (index, name) in Self.firms.enumerated() {
            let first = pick(["Noor", "Olek", "Priya", "Quinn", "Rosa", "Sami"])
            let last = pick(["Albers", "Bianchi", "Castro", "Duval", "Eriksen"])
            let body: JSON = [
                "first_name": .string(first), "last_name": .string(last), "account_id": id(Account.name, name),
                "email": .string("\(first.lowercased()).\(last.lowercased()).\(index)@example.com"),
                "title": "Head of Purchasing",
            ]
            units.append([ask(Contact.name, "contact of \(name)", "create", body)])
        }
        return units
    }

    /// Who came in lately: some are looked at, some were turned away, and one became a customer.
    private mutating func leads() -> [[Ask]] {
        var units: [[Ask]] = []
        let names = ["Tove Marlow", "Udo Penn", "Vera Castel", "Wim Harding", "Xenia Roth", "Yusuf Blum"]
        for (index, name) in names.enumerated() {
            let parts = name.split(separator: " ").map(String.init)
            let company = "\(parts[1]) \(pick(["Works", "Trading", "Labs"]))"
            let body: JSON = [
                "first_name": .string(parts[0]), "last_name": .string(parts[1]), "company": .string(company),
                "email": .string("\(parts[0].lowercased())@\(parts[1].lowercased()).example"),
                "source": .string(pick(["website", "event", "referral"])),
                "score": .integer(Int64(20 + random.below(80))), "owner_id": id(Member.name, pick(Self.sellers)),
                "amount": Self.usd(Int64(100_000 * (1 + random.below(9)))),
            ]
            var asks = [ask(Lead.name, name, "capture", body)]
            switch index {
            case 0: asks.append(ask(Lead.name, name, "convert", ["deal": ["pipeline_id": .string(pipeline.text)]]))
            case 1, 2: asks.append(ask(Lead.name, name, "qualify", [:]))
            case 3: asks.append(ask(Lead.name, name, "disqualify", ["reason": "They look for a job"]))
            case _: asks.append(ask(Lead.name, name, "mark_contacted", [:]))
            }
            units.append(asks)
        }
        return units
    }

    /// A deal of the last half year: opened, moved on, and for most of them won or lost.
    private mutating func deal(_ number: Int) -> [Ask] {
        let name = "deal \(number)"
        let today = commands.clock()
        let opened = days(-10 - random.below(170))
        let (product, price) = Self.products[random.below(Self.products.count)]
        let firm = pick(Self.firms)
        let closing = days(random.below(90))
        var asks = [
            ask(
                Deal.name, name, "open",
                [
                    "title": .string("\(product) for \(firm)"), "pipeline_id": .string(pipeline.text),
                    "account_id": id(Account.name, firm), "product_id": id(Product.name, product),
                    "owner_id": id(Member.name, pick(Self.sellers)),
                    "amount": Self.usd(Int64(price * (1 + random.below(9)))),
                    "expected_close": .string(closing.day().text),
                    "campaign_id": number % 8 == 0 ? id(Campaign.name, Self.campaign) : .null,
                    "source": .string(pick(["referral", "website", "event", "partner"])),
                ], at: opened)
        ]
        let reached = random.below(stages.count)
        var moment = opened
        for stage in stages.dropFirst().prefix(reached) {
            moment = later(than: moment, before: today)
            asks.append(ask(Deal.name, name, "move", ["stage_id": .string(stage.text)], at: moment))
        }
        let end = later(than: moment, before: today)
        switch random.below(5) {
        case 0, 1: asks.append(ask(Deal.name, name, "win", [:], at: end))
        case 2:
            asks.append(
                ask(
                    Deal.name, name, "lose", ["lost_reason": .string(pick(["price", "timing", "competitor"]))], at: end)
            )
        case _: break
        }
        return asks
    }

    /// What was said with each firm, what is to be done about it, and what is noted of it.
    private mutating func work() -> [[Ask]] {
        var units: [[Ask]] = []
        for (index, firm) in Self.firms.enumerated() {
            let subject: JSON = ["entity": "account", "id": id(Account.name, firm)]
            let seller = id(Member.name, pick(Self.sellers))
            let contact = id(Contact.name, "contact of \(firm)")
            let call: JSON = [
                "kind": .string(pick(["call", "email", "meeting"])), "subject": subject, "contact_id": contact,
                "owner_id": seller, "title": .string(pick(["Asked for prices", "Wants a trial", "Paid the invoice"])),
                "duration_minutes": .integer(Int64(5 + random.below(50))),
            ]
            let at = days(-1 - random.below(30))
            units.append([ask(Interaction.name, "talk with \(firm)", "log", call, at: at)])
            let follow: JSON = [
                "title": .string(pick(["Send the offer", "Call back", "Show the new release"])), "subject": subject,
                "type": .string(pick([WorkTask.plain, "call", "demo"])), "assignee_id": seller,
                "priority": .string(pick(["low", "medium", "high", "urgent"])),
                "due_on": .string(days(random.below(20) - 6).day().text),
            ]
            units.append([ask(WorkTask.name, "task for \(firm)", "create", follow)])
            if index % 3 == 0 {
                let plan: JSON = [
                    "kind": "meeting", "subject": subject, "contact_id": contact, "owner_id": seller,
                    "title": "Quarterly review", "scheduled_at": .string(days(1 + random.below(14)).text),
                ]
                units.append([ask(Interaction.name, "review with \(firm)", "schedule", plan)])
                let note: JSON = ["text": "Orders in the first week of a quarter.", "subject": subject, "pinned": true]
                units.append([ask(Note.name, "note on \(firm)", "write", note)])
            }
        }
        return units
    }

    /// So many days from now, or before it.
    func days(_ count: Int) -> Instant {
        Instant(microseconds: commands.clock().microseconds + Int64(count) * 86_400_000_000)
    }
    private mutating func later(than moment: Instant, before end: Instant) -> Instant {
        let span = max(1, (end.microseconds - moment.microseconds) / 3 / 1_000_000)
        return Instant(microseconds: moment.microseconds + Int64(random.below(Int(span))) * 1_000_000)
    }
    private mutating func pick(_ words: [String]) -> String { words[random.below(words.count)] }
    private static func usd(_ minor: Int64) -> JSON { ["minor": .integer(minor), "currency": "USD"] }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed, on every machine.
struct Sequence64: Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }
}
