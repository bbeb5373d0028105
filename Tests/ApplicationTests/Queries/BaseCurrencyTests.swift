import Application
import CRM
import Foundation
import Kernel
import Postgres
import PostgresTesting
import Testing

extension QueriesTests {
    /// Amounts in the organization's own currency, against loops over the facts.
    @Suite struct BaseCurrencies {
        private static func rate(_ day: String) -> Parameter { .init("rate_date", day) }
        private static let dates = ["2016-09-20", "2017-01-15", "2026-01-01"]

        @Test(arguments: dates)
        func `sums are converted at the rate of the day that is asked, and the answer says which`(date: String)
            async throws
        {
            let history = try SalesHistory(seed: 41, deals: 150)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            let day = try #require(Day(date))
            let open = [Parameter("measure", "open_amount"), .init("by", "owner"), Self.rate(date)]
            let report = try await home.queries.dealsReport(open, by: caller).json
            var sum: Int64 = 0
            for row in report.rows {
                let value = try #require(row["value"]?.integer)
                switch row["currency"]?.string {
                case "USD": #expect(row["base_value"]?.integer == value)
                case "EUR": #expect(row["base_value"]?.integer == history.dollars(value, on: day))
                default: continue
                }
                sum += row["base_value"]?.integer ?? 0
            }
            let base = report["base"]
            #expect(base?["value"]?.integer == sum)
            #expect(base?["currency"] == "USD" && base?["rate_date"]?.string == date && base?["missing"] == [])
            let used = try #require(history.rates.last { $0.day <= day })
            #expect(base?["rates"]?.array?.first?["day"]?.string == used.day.text)
            #expect(base?["rates"]?.array?.first?["rate"]?.double == used.rate)

            let overview = try await home.queries.overview([Self.rate(date)], by: caller).json
            for amount in overview["deals"]?["open"]?["amounts"]?.array ?? [] where amount["currency"] == "EUR" {
                let minor = try #require(amount["minor"]?.integer)
                #expect(amount["base_minor"]?.integer == history.dollars(minor, on: day))
            }
            let board = try await home.queries.board(history.pipeline, [Self.rate(date)], by: caller).json
            for stage in board["stages"]?.array ?? [] {
                let totals = stage["totals"]?.array ?? []
                for amount in totals where amount["currency"] == "EUR" {
                    let minor = try #require(amount["minor"]?.integer)
                    #expect(amount["base_minor"]?.integer == history.dollars(minor, on: day))
                }
                #expect(stage["base_minor"]?.integer == totals.compactMap { $0["base_minor"]?.integer }.reduce(0, +))
            }
            #expect(board["base"]?["rate_date"]?.string == date)
        }

        @Test func `without a rate nothing is made up: the sum is null, and the currency is named`() async throws {
            let history = try SalesHistory(seed: 42, deals: 60)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            let early = [Self.rate("2016-01-01"), .init("measure", "won_amount")]
            let report = try await home.queries.dealsReport(early, by: caller).json
            #expect(report["base"]?["missing"] == ["EUR"] && report["base"]?["value"] == .null)
            #expect(report.rows.first { $0["currency"] == "EUR" }?["base_value"] == .null)
            #expect(report.rows.first { $0["currency"] == "USD" }?["base_value"]?.integer != nil)
            for wrong in [
                [Parameter("base", "yes")], [.init("rate_date", "soon")],
                [.init("base", "false"), .init("rate_date", "2017-01-01")],
            ] {
                #expect(await code { try await home.queries.overview(wrong, by: caller) } == "parameter.invalid")
            }
            let count = [Parameter("measure", "count"), .init("base", "true")]
            #expect(await code { try await home.queries.dealsReport(count, by: caller) } == "parameter.invalid")
        }

        @Test func `a rate that is corrected does not rewrite what was known`() async throws {
            let history = try SalesHistory(seed: 43, deals: 60)
            let gone = Set(history.ledger.lines.filter { $0.event.type == "rate.archived" }.map(\.stream))
            let corrected = try #require(
                history.ledger.lines.last { $0.event.type == "rate.corrected" && !gone.contains($0.stream) })
            let before = Instant(microseconds: corrected.recorded.microseconds - 1)
            let home = try await QueriesHome([history.ledger])
            let known = try await QueriesHome([history.ledger.filter { $0.recorded <= before }])
            let caller = Caller.of(history.ledger.organization)
            let question = [Parameter("measure", "won_amount"), Self.rate("2026-01-01")]
            let past = try await home.queries.dealsReport(question + [.init("as_known", before.text)], by: caller).json
            let then = try await known.queries.dealsReport(question, by: caller).json
            #expect(past["base"] == then["base"])
            #expect(try await home.queries.dealsReport(question, by: caller).json["base"] != then["base"])
        }

        private struct Case {
            var minor: Int64
            var from: String
            var to: String
            var millionths: Int64

            /// What comes out, in whole numbers.
            var converted: Int128 {
                let shift = (Currency(to)?.exponent ?? 0) - (Currency(from)?.exponent ?? 0)
                var scale: Int128 = 1
                for _ in 0..<abs(shift) { scale *= 10 }
                let product: Int128 = Int128(minor) * Int128(millionths) * (shift > 0 ? scale : 1)
                let divisor: Int128 = 1_000_000 * (shift < 0 ? scale : 1)
                let (quotient, rest) = product.quotientAndRemainder(dividingBy: divisor)
                return rest.magnitude * 2 >= divisor.magnitude ? quotient + product.signum() : quotient
            }
        }
        /// The function against whole numbers: a rate is so many millionths.
        @Test func `an amount is converted exactly and rounded half away from zero, for all exponents`() async throws {
            let database = try await TestCluster.shared.readTables()
            let connection = PipelinedConnection(database.settings(role: "daybook_app"), log: quiet)
            let letters = (65...90).map { Character(UnicodeScalar($0)) }
            let codes = letters.flatMap { a in letters.flatMap { b in letters.map { String([a, b, $0]) } } }
            let currencies = codes.compactMap { Currency($0) }
            let exponents = try await connection.query(
                Statement("SELECT read.exponent(c) FROM unnest($1::text[]) WITH ORDINALITY u (c, n) ORDER BY n") {
                    $0.texts(currencies.map(\.code))
                })
            #expect(try exponents.map { Int(try $0.int(0)) } == currencies.map(\.exponent))

            var random = Seeded(UInt64.random(in: 0...UInt64.max))
            var cases: [Case] = []
            for number in 0..<3_000 {
                let isSmall = number < 40  // around zero, by a half
                cases.append(
                    Case(
                        minor: isSmall
                            ? Int64(number - 20) : .random(in: -1_000_000_000_000...1_000_000_000_000, using: &random),
                        from: ["JPY", "EUR", "KWD"].randomElement(using: &random)!,
                        to: ["KRW", "USD", "BHD"].randomElement(using: &random)!,
                        millionths: isSmall ? 500_000 : .random(in: 1...300_000_000, using: &random)))
            }
            let found = try await connection.query(
                Statement(
                    """
                    SELECT read.converted(u.minor, u.currency, u.millionths / 1000000::numeric, u.base) \
                    FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[]) WITH ORDINALITY \
                    AS u (minor, currency, millionths, base, n) ORDER BY u.n
                    """
                ) { values in
                    values.bigints(cases.map(\.minor))
                    values.texts(cases.map(\.from))
                    values.bigints(cases.map(\.millionths))
                    values.texts(cases.map(\.to))
                })
            for (row, one) in zip(found, cases) {
                #expect(try Int128(row.bigint(0)) == one.converted, "\(one)")
            }
            await connection.close()
        }
    }

    /// What may come, and what became of what came, against loops over the facts.
    @Suite struct Forecasts {
        private func category(_ deal: SalesHistory.DealFact, _ history: SalesHistory) -> String {
            let chance = deal.probability ?? history.stages[deal.stage].probability
            return chance >= 75 ? "committed" : chance >= 50 ? "best_case" : "pipeline"
        }

        @Test func `a forecast sums open deals by the month in which they are expected`() async throws {
            let history = try SalesHistory(seed: 44, deals: 200)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            let forecast = try await home.queries.forecast([.init("rate_date", "2026-01-01")], by: caller).json
            var wanted: [String: [Int64]] = [:]
            for deal in history.deals where deal.status == "open" && !deal.isArchived {
                let month = deal.expected.map { String($0.text.prefix(7)) } ?? "none"
                let minor = deal.amount?.minor ?? 0
                let chance = Double(deal.probability ?? history.stages[deal.stage].probability)
                let weighted = Int64((Double(minor) * chance / 100).rounded(.toNearestOrAwayFromZero))
                let kind = category(deal, history)
                let sums = [
                    1, minor, weighted, kind == "committed" ? minor : 0, kind == "pipeline" ? 0 : minor,
                ]
                let key = "\(month) \(deal.amount?.currency.code ?? "none")"
                wanted[key] = zip(wanted[key] ?? [0, 0, 0, 0, 0], sums).map(+)
            }
            let found = forecast.rows.map { row in
                (
                    "\(row["month"]?.string ?? "none") \(row["currency"]?.string ?? "none")",
                    ["count", "open", "weighted", "committed", "best_case"].map { row[$0]?.integer ?? -1 }
                )
            }
            #expect(Dictionary(found) { a, _ in a } == wanted && found.count == wanted.count)
            let base = forecast["base"]
            #expect(base?["rows"]?.array?.count == Set(wanted.keys.map { $0.prefix { $0 != " " } }).count)
            let open = base?["rows"]?.array?.compactMap { $0["open"]?.integer }.reduce(0, +)
            #expect(open == base?["total"]?["open"]?.integer && base?["missing"] == [])
            let narrow = [Parameter("from", "2017-01-01"), .init("to", "2017-01-31")]
            let january = try await home.queries.forecast(narrow, by: caller).json
            #expect(january.rows.allSatisfy { $0["month"] == "2017-01" } && january["base"] == nil)
        }

        @Test func `what was won and lost is told by source, with its rate`() async throws {
            let history = try SalesHistory(seed: 45, deals: 150)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            let report = try await home.queries.outcomes([.init("by", "source"), .init("base", "true")], by: caller)
                .json
            let closed = history.deals.filter { $0.status != "open" && !$0.isArchived }
            #expect(report.rows.count == Set(closed.map(\.source)).count)
            for row in report.rows {
                let own = closed.filter { $0.source == row["key"]?.string }
                let won = own.filter { $0.status == "won" }
                #expect(row["won"]?["count"]?.integer == Int64(won.count))
                #expect(row["lost"]?["count"]?.integer == Int64(own.count - won.count))
                #expect(row["win_rate"]?.double == Double(won.count) / Double(own.count))
                for amount in row["won"]?["amounts"]?.array ?? [] {
                    let sum = won.filter { $0.amount?.currency.code == amount["currency"]?.string }
                        .compactMap(\.amount?.minor).reduce(0, +)
                    #expect(amount["minor"]?.integer == sum)
                }
            }
            let reasons = try await home.queries.outcomes([.init("by", "reason"), .init("status", "lost")], by: caller)
            #expect(try reasons.json.rows.compactMap { $0["key"]?.string } == ["price"])
        }

        @Test func `a deal converts a stage once it came into a later one or was won`() async throws {
            let history = try SalesHistory(seed: 46, deals: 120)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            var paths: [UUID: [Int]] = [:]
            for line in history.ledger.lines where line.event.type.hasPrefix("deal.") {
                let data = line.event.data
                guard let id = (data["to"] ?? data["stage_id"])?.string,
                    let stage = history.stages.firstIndex(where: { $0.id.text == id })
                else { continue }
                paths[line.stream, default: []].append(stage)
            }
            for deal in history.deals where deal.isArchived { paths[deal.id] = nil }
            let rows = try await home.queries.conversionReport([], by: caller).json.rows
            #expect(rows.map { $0["stage_name"]?.string } == ["Prospecting", "Engaging"])
            for (stage, row) in rows.enumerated() {
                let entered = paths.values.filter { $0.contains(stage) }
                let advanced = entered.filter { path in
                    path.drop { $0 != stage }.dropFirst().contains { $0 == 2 || ($0 == 1 && stage == 0) }
                }
                #expect(row["entered"]?.integer == Int64(entered.count))
                #expect(row["advanced"]?.integer == Int64(advanced.count))
                #expect(row["won"]?.integer == Int64(entered.count { $0.last == 2 }))
                #expect(row["lost"]?.integer == Int64(entered.count { $0.last == 3 }))
                #expect(row["open"]?.integer == Int64(entered.count { $0.last! < 2 }))
            }
            let none = try await home.queries.conversionReport([.init("to", "2015-01-01")], by: caller).json.rows
            #expect(none.isEmpty)
        }
    }
}
