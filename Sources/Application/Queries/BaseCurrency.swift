import FoundationEssentials
import Kernel
import Postgres

/// What is asked when amounts are wanted in the organization's own currency as well: at the rates of which day.
struct BaseCurrency: Sendable {
    static let names = ["base", "rate_date"]
    /// Nil: today, or the day of the moment as of which is asked.
    private let day: Day?

    /// Nil: amounts are wanted as they are.
    init?(_ parameters: [Parameter]) throws(Problem) {
        var isWanted: Bool?
        var day: Day?
        for parameter in parameters {
            switch parameter.name {
            case "base":
                guard parameter.value == "true" || parameter.value == "false" else {
                    throw .parameter("base", "base is true or false.")
                }
                isWanted = parameter.value == "true"
            case "rate_date":
                day = Day(parameter.value)
                guard day != nil else { throw .parameter("rate_date", "rate_date is a day such as 2017-03-01.") }
            case _: break
            }
        }
        if day != nil, isWanted == false {
            throw .parameter("rate_date", "rate_date says at which rates to convert; leave it out, or base=false.")
        }
        guard isWanted ?? (day != nil) else { return nil }
        self.day = day
    }

    /// Tells the database, for the transaction.
    var statement: Statement {
        Statement("SELECT set_config('daybook.rate_date', $1, true)") { $0.text(day?.text ?? "") }
    }

    // MARK: How does it stand in SQL?

    /// The rates that count, read once for a statement that converts. `$1` is the organization.
    static func rates(_ relation: Relation) -> String {
        "WITH rates AS MATERIALIZED (SELECT r.currency, r.rate, r.base FROM \(relation.sql) r "
            + "WHERE r.organization_id = $1) "
    }
    /// A sum of a currency in the base; null where there is no rate.
    static func converted(_ sum: String, of currency: String) -> String {
        "(SELECT read.converted(\(sum), r.currency, r.rate, r.base) FROM rates r WHERE r.currency = \(currency))"
    }
    /// What an answer says of the rates.
    static func told(_ relation: Relation, organization: UUID) -> Statement {
        var text = SQLText(organization)
        text += "SELECT r.base, r.rate_date, r.currency, r.rate::text, r.day"
        text += " FROM \(relation.sql) r WHERE r.organization_id = $1 ORDER BY r.currency"
        return text.statement
    }

    /// `{"currency","rate_date","rates":[{"currency","rate","day"}],"missing":[…]}`: the rates of the currencies that
    /// an answer holds, and those of which there is none.
    static func json(_ rates: Result, used: Set<String>, and more: [String: JSON] = [:]) throws -> JSON {
        var told: [JSON] = []
        var missing = used
        for row in rates {
            let currency = try row.text(2)
            guard missing.remove(currency) != nil else { continue }
            let base = try row.text(0)
            if currency == base { continue }
            told.append([
                "currency": .string(currency), "rate": (try? JSON(parsing: try row.text(3))) ?? .null,
                "day": .string(Day(number: try row.date(4)).text),
            ])
        }
        let members: [String: JSON] = [
            "currency": try rates.first.map { .string(try $0.text(0)) } ?? .null,
            "rate_date": try rates.first.map { .string(Day(number: try $0.date(1)).text) } ?? .null,
            "rates": .array(told), "missing": .array(missing.sorted().map { .string($0) }),
        ]
        return .object(members.merging(more) { $1 })
    }
}

/// Sums of money by currency, and what they come to in the base where that is asked.
struct Amounts {
    private var all: [(currency: String?, count: Int64, minor: Int64, base: Int64?)] = []

    /// Adds a sum. Of a currency that is there already, it is added to it.
    mutating func add(_ currency: String?, count: Int64, minor: Int64, base: Int64? = nil) {
        guard let at = all.firstIndex(where: { $0.currency == currency }) else {
            all.append((currency, count, minor, base))
            return
        }
        all[at].count += count
        all[at].minor += minor
        all[at].base = Amounts.sum(all[at].base, base)
    }
    /// Adds what rows hold in these columns. Without a currency nothing has an amount: it is worth nothing in the base.
    mutating func add(_ rows: some Sequence<Row>, currency: Int, count: Int, minor: Int, base: Int?) throws {
        for row in rows {
            let isWorthless = row.isNull(currency)
            add(
                try row.text(orNil: currency), count: try row.bigint(count), minor: try row.bigint(minor),
                base: isWorthless ? 0 : try base.flatMap { try row.bigint(orNil: $0) })
        }
    }
    mutating func add(_ other: Amounts) {
        for amount in other.all {
            add(amount.currency, count: amount.count, minor: amount.minor, base: amount.base)
        }
    }

    /// The currencies.
    var currencies: Set<String> { Set(all.compactMap(\.currency)) }
    /// All of it in the base; nil where one of them has no rate, or where it is more than can be counted.
    var base: Int64? { all.reduce(Int64?.some(0)) { Amounts.sum($0, $1.base) } }

    /// `[{"currency","count","minor"}]`, with `base_minor` where that is asked.
    func json(inBase: Bool) -> JSON {
        .array(
            all.map { amount in
                var members: [String: JSON] = [
                    "currency": amount.currency.map { .string($0) } ?? .null, "count": .integer(amount.count),
                    "minor": .integer(amount.minor),
                ]
                if inBase { members["base_minor"] = amount.base.map { .integer($0) } ?? .null }
                return .object(members)
            })
    }

    /// `amounts`, and what they come to, as members of an answer.
    func members(inBase: Bool) -> [String: JSON] {
        var members = ["amounts": json(inBase: inBase)]
        if inBase { members["base_minor"] = base.map { .integer($0) } ?? .null }
        return members
    }

    /// Nil where one is, or where the sum is no 64-bit number.
    static func sum(_ a: Int64?, _ b: Int64?) -> Int64? {
        guard let a, let b else { return nil }
        let (sum, isOver) = a.addingReportingOverflow(b)
        return isOver ? nil : sum
    }
}
