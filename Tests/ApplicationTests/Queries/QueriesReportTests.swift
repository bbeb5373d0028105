import Application
import CRM
import Foundation
import Kernel
import PostgresTesting
import Testing

extension QueriesTests {
    /// Reports against sums made in a loop over the facts.
    @Suite struct Reports {
        typealias Deal = SalesHistory.DealFact

        struct Key: Hashable {
            let key: String?
            let currency: String?
        }
        struct Sum: Equatable {
            var value = 0.0
            var count = 0
        }

        private func localDay(_ instant: Instant, _ zone: String) -> Day {
            var calendar = Calendar(identifier: .gregorian)
            calendar.timeZone = TimeZone(identifier: zone)!
            let date = Date(timeIntervalSince1970: Double(instant.microseconds) / 1_000_000)
            let parts = calendar.dateComponents([.year, .month, .day], from: date)
            return Day(year: parts.year!, month: parts.month!, day: parts.day!)!
        }

        /// On which day a deal counts for a measure; nil where it does not count at all.
        private func counts(_ deal: Deal, _ measure: String, _ history: SalesHistory) -> (does: Bool, day: Day?) {
            switch measure {
            case "won_amount", "days_to_win": (deal.status == "won", deal.actual)
            case "win_rate": (deal.status != "open", deal.actual)
            case "open_amount", "weighted_amount": (deal.status == "open", deal.expected)
            default: (true, localDay(deal.opened, history.zone))
            }
        }

        private func group(_ deal: Deal, _ grouping: String, _ day: Day?, _ history: SalesHistory) -> String? {
            switch grouping {
            case "stage": return history.stages[deal.stage].id.text
            case "owner": return deal.owner.map { history.members[$0].text }
            case "team": return deal.owner.map { history.teams[history.team($0)].text }
            case "region": return deal.owner.map { history.regions[history.team($0)] }
            case "account": return deal.account.map { history.accounts[$0].text }
            case "product": return deal.product.map { history.products[$0].text }
            case "source": return deal.source
            case "month": return day.map { String($0.text.prefix(7)) }
            case "quarter":
                guard let (year, month, _) = day?.civil else { return nil }
                let start = Int(history.fiscalStart)
                // Months since the fiscal year began, and the year in which it ends.
                let since = (month - start + 12) % 12
                let end = start == 1 ? year : month >= start ? year + 1 : year
                return "\(end)-Q\(since / 3 + 1)"
            default: return nil
            }
        }

        private func naive(
            _ measure: String, _ grouping: String, _ history: SalesHistory,
            where fits: (Deal, Day?) -> Bool = { _, _ in true }
        ) -> [Key: Sum] {
            var sums: [Key: Sum] = [:]
            for deal in history.deals where !deal.isArchived {
                let (does, day) = counts(deal, measure, history)
                guard does, fits(deal, day) else { continue }
                let isAmount = measure.hasSuffix("amount")
                let key = Key(
                    key: group(deal, grouping, day, history), currency: isAmount ? deal.amount?.currency.code : nil)
                let minor = Double(deal.amount?.minor ?? 0)
                let chance = Double(deal.probability ?? history.stages[deal.stage].probability)
                let value =
                    switch measure {
                    case "won_amount", "open_amount": minor
                    case "weighted_amount": (minor * chance / 100).rounded(.toNearestOrAwayFromZero)
                    case "win_rate": deal.status == "won" ? 1.0 : 0
                    case "days_to_win": Double(deal.actual!.number - localDay(deal.opened, history.zone).number)
                    default: 1.0
                    }
                sums[key, default: Sum()].value += value
                sums[key, default: Sum()].count += 1
            }
            if measure == "win_rate" || measure == "days_to_win" {
                for key in sums.keys { sums[key]!.value /= Double(sums[key]!.count) }
            }
            return sums
        }

        private func sums(_ reply: Reply) throws -> [Key: Sum] {
            let rows = try reply.json.rows
            let pairs = rows.map { row in
                (
                    Key(key: row["key"]?.string, currency: row["currency"]?.string),
                    Sum(value: row["value"]?.double ?? .nan, count: Int(row["count"]?.integer ?? -1))
                )
            }
            #expect(Set(pairs.map(\.0)).count == rows.count, "a group stands twice")
            return Dictionary(pairs) { a, _ in a }
        }

        private func same(_ a: [Key: Sum], _ b: [Key: Sum]) -> Bool {
            a.count == b.count
                && a.allSatisfy { key, sum in
                    b[key].map { $0.count == sum.count && abs($0.value - sum.value) <= 1e-9 * max(1, abs(sum.value)) }
                        ?? false
                }
        }

        static let measures = ["won_amount", "open_amount", "weighted_amount", "count", "win_rate", "days_to_win"]
        static let groupings = [
            "stage", "quarter", "month", "owner", "team", "region", "account", "product", "source", "none",
        ]

        @Test(arguments: [("America/New_York", Int64(1)), ("Asia/Tokyo", 4)])
        func `every measure by every grouping is what a loop over the facts gives`(zone: String, start: Int64)
            async throws
        {
            let history = try SalesHistory(seed: 7, deals: 400, zone: zone, fiscalStart: start)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            for measure in Self.measures {
                for grouping in Self.groupings {
                    let reply = try await home.queries.dealsReport(
                        [.init("measure", measure), .init("by", grouping)], by: caller)
                    let expected = naive(measure, grouping, history)
                    #expect(same(try sums(reply), expected), "\(measure) by \(grouping)")
                    let totals = try reply.json["totals"]?.array ?? []
                    let count = totals.compactMap { $0["count"]?.integer }.reduce(0, +)
                    #expect(count == Int64(expected.values.map(\.count).reduce(0, +)), "\(measure) by \(grouping)")
                }
            }
        }

        @Test func `days and filters narrow a report`() async throws {
            let history = try SalesHistory(seed: 8, deals: 300)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            let (from, to) = (Day("2017-01-15")!, Day("2017-06-30")!)
            for measure in Self.measures {
                let reply = try await home.queries.dealsReport(
                    [
                        .init("measure", measure), .init("by", "owner"), .init("from", from.text), .init("to", to.text),
                        .init("region", "Central"), .init("source.ne", "web"), .init("amount.gte", "1000"),
                    ], by: caller)
                let expected = naive(measure, "owner", history) { deal, day in
                    day.map { $0 >= from && $0 <= to } ?? false && deal.source != "web"
                        && (deal.amount?.minor ?? 0) >= 1000
                        && deal.owner.map { history.regions[history.team($0)] == "Central" } ?? false
                }
                #expect(same(try sums(reply), expected), "\(measure)")
            }
        }

        @Test func `groups carry names, time goes forward, the most comes first`() async throws {
            let history = try SalesHistory(seed: 9, deals: 200)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            func rows(_ measure: String, _ grouping: String) async throws -> [JSON] {
                try await home.queries.dealsReport([.init("measure", measure), .init("by", grouping)], by: caller).json
                    .rows
            }
            let months = try await rows("count", "month").compactMap { $0["key"]?.string }
            #expect(months == months.sorted() && months.count > 3)
            let stages = try await rows("count", "stage").compactMap { $0["label"]?.string }
            #expect(stages == history.stages.map(\.name))
            let owners = try await rows("won_amount", "owner")
            #expect(
                owners.filter { $0["key"] != .null }.allSatisfy { $0["label"]?.string?.hasPrefix("Agent ") ?? false })
            let values = owners.filter { $0["key"] != .null }.compactMap { $0["value"]?.integer }
            #expect(values == values.sorted(by: >))
        }

        @Test func `the overview is what a loop over the facts gives`() async throws {
            let history = try SalesHistory(seed: 10, deals: 150)
            let home = try await QueriesHome([history.ledger])
            let reply = try await home.queries.overview(by: .of(history.ledger.organization))
            let overview = try reply.json
            let shown = history.deals.filter { !$0.isArchived }
            for status in ["open", "won", "lost"] {
                let own = shown.filter { $0.status == status }
                let part = overview["deals"]?[status]
                #expect(part?["count"]?.integer == Int64(own.count))
                for currency in ["USD", "EUR"] {
                    let minor = own.compactMap(\.amount).filter { $0.currency.code == currency }.map(\.minor).reduce(
                        0, +)
                    let found = part?["amounts"]?.array?.first { $0["currency"] == .string(currency) }
                    #expect(found?["minor"]?.integer ?? 0 == minor, "\(status) \(currency)")
                }
            }
            let (won, lost) = (shown.count { $0.status == "won" }, shown.count { $0.status == "lost" })
            #expect(overview["deals"]?["win_rate"]?.double == Double(won) / Double(won + lost))
            let stages = overview["stages"]?.array ?? []
            #expect(stages.compactMap { $0["name"]?.string } == history.stages.map(\.name))
            for (index, stage) in stages.enumerated() {
                #expect(stage["count"]?.integer == Int64(shown.count { $0.stage == index }))
            }
            #expect(overview["accounts"] == ["total": 12, "by_lifecycle": ["customer": 4, "lead": 8]])
            #expect(overview["contacts"] == ["total": 9, "by_status": ["active": 9]])
            #expect(overview["position"]?.integer == Int64(history.ledger.lines.count))
            #expect(reply.position?.hash == Array(history.ledger.leaf(history.ledger.lines.count).prefix(8)))
        }

        @Test func `a board shows each stage's cards and totals`() async throws {
            let history = try SalesHistory(seed: 11, deals: 150)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            let board = try await home.queries.board(history.pipeline, [.init("limit", "5")], by: caller).json
            #expect(board["pipeline"]?["name"] == "Sales pipeline")
            let stages = board["stages"]?.array ?? []
            #expect(stages.compactMap { $0["name"]?.string } == history.stages.map(\.name))
            for (index, stage) in stages.enumerated() {
                let own = history.deals.filter { !$0.isArchived && $0.stage == index }
                let cards = stage["cards"]?.array ?? []
                #expect(cards.count == min(5, own.count) && stage["more"] == .bool(own.count > 5))
                let shown = Set(cards.compactMap { $0["id"]?.string })
                #expect(shown.isSubset(of: own.map(\.id.text)))
                let entered = cards.compactMap { $0["entered_stage_at"]?.string }
                #expect(entered == entered.sorted(by: >))
                #expect(stage["count"]?.integer == Int64(own.count))
                let dollars = stage["totals"]?.array?.first { $0["currency"] == "USD" }?["minor"]?.integer ?? 0
                #expect(
                    dollars == own.compactMap(\.amount).filter { $0.currency.code == "USD" }.map(\.minor).reduce(0, +))
            }
            let mine = try await home.queries.board(
                history.pipeline, [.init("owner_id", history.members[0].text)], by: caller
            ).json
            let count = mine["stages"]?.array?.compactMap { $0["count"]?.integer }.reduce(0, +)
            #expect(count == Int64(history.deals.count { !$0.isArchived && $0.owner == 0 }))
            #expect(await code { try await home.queries.board(UUID(), [], by: caller) } == "pipeline.not_found")
        }
    }
}
