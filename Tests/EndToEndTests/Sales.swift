import Foundation

/// The sales data, and the figures that a few naive lines compute from them: no code of the product is used here.
struct Sales: Sendable {
    static let folder: String = {
        let shared = ProcessInfo.processInfo.environment["DAYBOOK_SHARED"].map { URL(fileURLWithPath: $0) }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        return (shared ?? root.appending(path: "shared").standardizedFileURL).path + "/data/sales-opportunities"
    }()
    static let isThere = FileManager.default.fileExists(atPath: folder + "/sales_pipeline.csv")
    static let absence = "the sales data are not here; DAYBOOK_SHARED names the folder that has them"

    /// What a report says: its rows' labels with their values.
    typealias Figures = [String: Double]

    let deals: [[String: String]]
    /// Manager and region of each agent.
    let teams: [String: (manager: String, region: String)]

    init() throws {
        deals = try Self.table("sales_pipeline.csv")
        let agents = try Self.table("sales_teams.csv")
        teams = Dictionary(
            uniqueKeysWithValues: agents.map { agent in
                (
                    agent["sales_agent", default: ""],
                    (agent["manager", default: ""], agent["regional_office", default: ""])
                )
            })
    }

    private static func table(_ name: String) throws -> [[String: String]] {
        let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8).replacing("\r\n", with: "\n")
        let lines = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        return lines.dropFirst().map { line in
            Dictionary(uniqueKeysWithValues: zip(lines[0], line).map { (String($0), String($1)) })
        }
    }

    // MARK: What do the deals add up to?

    var won: [[String: String]] { deals.filter { $0["deal_stage"] == "Won" } }

    /// Won amounts in minor units, by what `key` says of a deal.
    func won(by key: ([String: String]) -> String) -> Figures {
        won.reduce(into: [:]) { $0[key($1), default: 0] += (Double($1["close_value"] ?? "") ?? 0) * 100 }
    }
    var wonByQuarter: Figures {
        won { deal in
            let parts = (deal["close_date"] ?? "").split(separator: "-")
            return "\(parts[0])-Q\(((Int(parts[1]) ?? 0) + 2) / 3)"
        }
    }
    var wonByAgent: Figures { won { $0["sales_agent", default: ""] } }
    var wonByTeam: Figures { won { teams[$0["sales_agent", default: ""]]?.manager ?? "" } }
    var wonByRegion: Figures { won { teams[$0["sales_agent", default: ""]]?.region ?? "" } }
    var wonByProduct: Figures { won { $0["product", default: ""] } }
    var countByStage: Figures { deals.reduce(into: [:]) { $0[$1["deal_stage", default: ""], default: 0] += 1 } }
    /// Days from opening to winning, on average.
    var daysToWin: Double {
        let days = won.map { Self.day($0["close_date"]) - Self.day($0["engage_date"]) }
        return Double(days.reduce(0, +)) / Double(days.count)
    }

    /// What was true at the end of a day: so many deals open, won and lost, and for how much were those won.
    func past(_ day: String) -> (open: Int, won: Int, lost: Int, amount: Double) {
        // Days as texts have the order of days.
        let opened = deals.filter { !($0["engage_date"] ?? "").isEmpty && $0["engage_date"]! <= day }
        let closed = opened.filter { !($0["close_date"] ?? "").isEmpty && $0["close_date"]! <= day }
        let won = closed.filter { $0["deal_stage"] == "Won" }
        let amount = won.reduce(0) { $0 + (Double($1["close_value"] ?? "") ?? 0) * 100 }
        return (opened.count - closed.count, won.count, closed.count - won.count, amount)
    }
    /// How long deals were engaged in until they were won or lost: how many, and days on average.
    var engaged: (count: Int, days: Double) {
        let days = deals.filter { ["Won", "Lost"].contains($0["deal_stage"]) }
            .map { Self.day($0["close_date"]) - Self.day($0["engage_date"]) }
        return (days.count, Double(days.reduce(0, +)) / Double(days.count))
    }

    private static func day(_ text: String?) -> Int {
        let style = Date.ISO8601FormatStyle().year().month().day()
        let date = try? Date(text ?? "", strategy: style)
        return Int(((date ?? .distantPast).timeIntervalSince1970 / 86_400).rounded())
    }
}
