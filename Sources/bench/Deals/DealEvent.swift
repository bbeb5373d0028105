import FoundationEssentials
import Kernel

/// An event of a deal, without its place: one of eight types, as often as the study had them that gave the goals.
///
/// Data of 240 bytes on average; of the texts 15 % have escapes and 5 % letters beyond ASCII.
struct DealEvent {
    let type: String
    let data: String

    /// The next event of a deal that has had `version` − 1.
    init(of deal: Int, version: Int32, _ dice: inout Dice) {
        let share = version == 1 ? -1 : Int.random(in: 0..<100, using: &dice)
        switch share {
        case ..<0: (type, data) = ("deal.opened", Self.opened(deal, &dice))
        case ..<38: (type, data) = ("deal.moved", Self.moved(&dice))
        case ..<70: (type, data) = ("deal.edited", Self.edited(&dice))
        case ..<80: (type, data) = ("deal.assigned", Self.assigned(&dice))
        case ..<90: (type, data) = ("deal.repriced", Self.repriced(deal, &dice))
        case ..<95: (type, data) = ("deal.customized", Self.customized(&dice))
        case ..<98: (type, data) = ("deal.archived", #"{"reason":"\#(Self.text(6, &dice))"}"#)
        case _: (type, data) = ("deal.restored", #"{"reason":"\#(Self.text(6, &dice))"}"#)
        }
    }

    /// The names of all that are sealed somewhere in `personal`.
    static let sealed = ["next_step", "contact"]
    static let types = [
        "deal.opened", "deal.moved", "deal.edited", "deal.assigned", "deal.repriced", "deal.customized",
        "deal.archived", "deal.restored",
    ]

    /// What is personal in every third event, as the members of its data that are sealed.
    static func personal(_ dice: inout Dice) -> String {
        let names = (word(&dice), word(&dice))
        return #"{"next_step":"\#(text(4, &dice))","contact":"\#(names.0).\#(names.1)@example.com"}"#
    }

    // MARK: - What does each type say?

    private static func opened(_ deal: Int, _ dice: inout Dice) -> String {
        #"{"title":"\#(text(3, &dice))","pipeline":"\#(pipelines[deal % 4])","stage":"\#(stages[any(2, &dice)])","#
            + #""amount":{"minor":\#(any(100_000_000, &dice)),"currency":"\#(currencies[deal % 4])"},"#
            + #""owner":"\#(owners[any(50, &dice)])","contact_id":"\#(id(deal, 3))","company":"\#(id(deal / 3, 7))","#
            + #""source":"\#(sources[any(5, &dice)])","priority":\#(any(5, &dice)),"#
            + #""probability":0.\#(two(any(100, &dice))),"expected_close":"\#(day(2026, &dice))","#
            + #""tags":["a","b\#(any(9, &dice))"],"#
            + #""custom":{"region":"\#(word(&dice))","seats":\#(any(500, &dice))}}"#
    }

    private static func moved(_ dice: inout Dice) -> String {
        #"{"from":"\#(stages[any(7, &dice)])","to":"\#(stages[any(7, &dice)])","#
            + #""board":{"lane":\#(any(9, &dice)),"rank":"0|hzz\#(two(any(100, &dice)))x:"},"#
            + #""reason":"\#(text(4, &dice))","comment":"\#(text(14, &dice))"}"#
    }

    private static func edited(_ dice: inout Dice) -> String {
        let which = 1 + any(7, &dice)
        var set: [String] = []
        if which & 1 != 0 { set.append(#""title":"\#(text(3, &dice))""#) }
        if which & 2 != 0 { set.append(#""priority":\#(any(5, &dice))"#) }
        if which & 4 != 0 { set.append(#""expected_close":"\#(day(2027, &dice))""#) }
        if any(4, &dice) == 0 { set.append(#""source":null"#) }
        return #"{"set":{\#(set.joined(separator: ","))},"before":{"title":"\#(text(3, &dice))","#
            + #""priority":\#(any(5, &dice)),"expected_close":"2026-01-01"},"note":"\#(text(12, &dice))"}"#
    }

    private static func assigned(_ dice: inout Dice) -> String {
        #"{"owner":"\#(owners[any(50, &dice)])","previous":"\#(owners[any(50, &dice)])","#
            + #""reason":"\#(text(10, &dice))"}"#
    }

    private static func repriced(_ deal: Int, _ dice: inout Dice) -> String {
        #"{"amount":{"minor":\#(any(100_000_000, &dice)),"currency":"\#(currencies[deal % 4])"},"#
            + #""probability":\#(any(2, &dice)).\#(any(1000, &dice)),"#
            + #""lines":[{"sku":"x1","qty":\#(any(50, &dice))},{"sku":"y2","qty":2}],"reason":"\#(text(9, &dice))"}"#
    }

    private static func customized(_ dice: inout Dice) -> String {
        #"{"custom":{"seats":\#(any(500, &dice)),"f\#(any(6, &dice))":"\#(text(2, &dice))"}}"#
    }

    // MARK: - Of what are they made?

    private static let words = [
        "renewal", "annual", "licence", "support", "north", "plant", "upgrade", "fleet", "cloud", "audit", "retail",
        "pilot", "phase", "contract", "bundle", "service", "export", "office", "factory", "rollout", "platform",
        "training", "hardware", "migration", "security", "logistics", "campaign", "analytics", "storage", "network",
        "payroll", "billing", "design", "quality", "europe", "region", "central", "premium", "basic", "extended",
    ]
    private static let stages = [
        "qualification", "discovery", "proposal", "negotiation", "contract_sent", "won", "lost",
    ]
    private static let sources = ["web", "referral", "event", "partner", "cold_call"]
    private static let currencies = ["EUR", "USD", "GBP", "CHF"]
    private static let pipelines = (0..<4).map { id($0, 1) }
    private static let owners = (0..<50).map { id($0, 2) }

    /// The same id for the same thing in each run.
    private static func id(_ number: Int, _ kind: Int) -> String {
        var dice = Dice(seed: number * 8 + kind)
        return UUID.v7(at: DealLog.start, random: dice.words()).text
    }

    private static func any(_ count: Int, _ dice: inout Dice) -> Int { Int(dice.next() % UInt64(count)) }
    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    private static func word(_ dice: inout Dice) -> String { words[any(words.count, &dice)] }
    private static func day(_ year: Int, _ dice: inout Dice) -> String {
        "\(year)-\(two(1 + any(12, &dice)))-\(two(1 + any(28, &dice)))"
    }
    private static func text(_ count: Int, _ dice: inout Dice) -> String {
        var text = word(&dice)
        for _ in 1..<count { text += " " + word(&dice) }
        switch any(20, &dice) {
        case 0: text += #" \"\#(word(&dice))\""#
        case 1: text += #" caf\u00e9 \ud83d\ude00"#
        case 2: text += " Müller"
        case 3: text += #" a\nb"#
        case _: break
        }
        return text
    }
}
