import Foundation
import Testing

/// The year that `daybook demo year` tells.
@Suite struct DemoTests {
    @Test(.timeLimit(.minutes(4)))
    func `a year uses every act there is, its reports say what its script says, and told again it changes nothing`()
        async throws
    {
        let house = try House()
        let (server, client) = try await house.serve(["--empty"])
        let first = try await house.run(["demo", "year", "--format", "json"])
        #expect(first.code == 0, "\(first.talk)\(first.output)")
        #expect(first.object["unused"] as? [String] == [])
        let position = try #require(first.object["position"] as? Int)
        #expect(position > 150)

        let story = try Outcomes()
        #expect(story.wonByMonth.count >= 5)
        try await client.beCaughtUp(to: Int64(position))
        let won = try await client.get("/api/v1/reports/deals?measure=won_amount&by=month").rows
        #expect(
            won.reduce(into: [:]) { figures, row in
                let month = row["key"] as? String ?? row["label"] as? String ?? ""
                figures["\(month) \(row["currency"] as? String ?? "")"] = (row["value"] as? NSNumber)?.intValue
            } == story.wonByMonth)
        let rate = try await client.get("/api/v1/reports/deals?measure=win_rate").rows
        #expect(rate.first?["count"] as? Int == story.won + story.lost)
        let share = (rate.first?["value"] as? NSNumber)?.doubleValue ?? 0
        #expect(abs(share - Double(story.won) / Double(story.won + story.lost)) < 1e-9)

        let log = try await house.log().last
        let again = try await house.run(["demo", "year", "--format", "json"])
        #expect(again.code == 0, "\(again.talk)")
        #expect(try await house.log().last == log)
        await house.leave(server)
    }
}

/// How the deals of the script ended, read from its lines by no code of the product.
private struct Outcomes {
    /// Minor units by month and currency: "2025-03 EUR".
    private(set) var wonByMonth: [String: Int] = [:]
    private(set) var won = 0
    private(set) var lost = 0

    init() throws {
        let folder = "demo/year"
        var last: [String: (isWon: Bool, month: String, minor: Int, currency: String)] = [:]
        for file in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
            let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
            let month = try #require(text.firstMatch(of: /month: ([0-9-]+)/)).1
            for line in text.split(separator: "\n") {
                if let win = line.firstMatch(of: /deal\.win, (\S+), \{amount: ([0-9]+)\.([0-9]{2}) ([A-Z]{3})\}/) {
                    last[String(win.1)] = (true, String(month), Int(win.2 + win.3) ?? 0, String(win.4))
                } else if let loss = line.firstMatch(of: /deal\.lose, ([^ ,]+)/) {
                    last[String(loss.1)] = (false, String(month), 0, "")
                } else if let again = line.firstMatch(of: /deal\.reopen, ([^ ,]+)/) {
                    last[String(again.1)] = nil
                }
            }
        }
        for deal in last.values where deal.isWon {
            wonByMonth["\(deal.month) \(deal.currency)", default: 0] += deal.minor
        }
        won = last.values.count { $0.isWon }
        lost = last.count - won
    }
}
