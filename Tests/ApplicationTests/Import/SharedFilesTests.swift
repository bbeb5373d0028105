import CRM
import Foundation
import Kernel
import Testing

@testable import Application

/// The real files, where they are: `DAYBOOK_SHARED`, or `shared` beside the project.
@Suite struct SharedFilesTests {
    static let folder: String? = {
        let environment = ProcessInfo.processInfo.environment["DAYBOOK_SHARED"]
        let beside = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let folder = (environment ?? beside.appending(path: "shared").path) + "/data/sales-opportunities"
        return FileManager.default.fileExists(atPath: folder + "/accounts.csv") ? folder : nil
    }()
    static let orders = [
        ["accounts", "products", "sales-teams", "sales-pipeline"],
        ["sales-pipeline", "sales-teams", "products", "accounts"],
    ]

    @Test(.enabled(if: folder != nil, "the shared data are not here; set DAYBOOK_SHARED"), arguments: orders)
    func `the four files give what a few lines compute from them, in either order`(order: [String]) async throws {
        let folder = try #require(Self.folder)
        let house = try await ImportHouse()
        var accepted: [String: ImportRun.Summary] = [:]
        for name in order {
            let file = "\(folder)/\(name.replacing("-", with: "_")).csv"
            accepted[name] = try await house.run(file: file, try ImportHouse.shipped("maven-\(name)"))
        }
        let rows = accepted.mapValues { summary in
            #expect(summary.rejected == 0)
            return summary.rows
        }
        #expect(rows == ["accounts": 85, "products": 7, "sales-teams": 35, "sales-pipeline": 4365])
        #expect(accepted["sales-pipeline"]?.created.contains("product GTXPro") == true)
        try await Self.compare(house, Naive(folder))
        let before = try await house.position()
        for name in order {
            let file = "\(folder)/\(name.replacing("-", with: "_")).csv"
            let again = try await house.run(file: file, try ImportHouse.shipped("maven-\(name)"))
            #expect(again.accepted == 0)
            #expect(again.unchanged == again.rows)
        }
        #expect(try await house.position() == before)
    }

    private static func compare(_ house: ImportHouse, _ naive: Naive) async throws {
        var found = Naive()
        for row in naive.deals {
            let deal = try #require(try await house.record(Deal.self, row["opportunity_id"]!, source: "maven"))
            let won = row["deal_stage"] == "Won"
            if won, let minor = deal["amount"]?["minor"]?.integer {
                found.wonByAgent[deal.text("owner_id") ?? "", default: 0] += Int(minor)
                found.wonByProduct[deal.text("product_id") ?? "", default: 0] += Int(minor)
                found.wonByMonth[String(deal.text("actual_close")?.prefix(7) ?? ""), default: 0] += Int(minor)
            }
            found.stages[deal.text("stage_id") ?? "", default: 0] += 1
            #expect((deal["account_id"] == nil) == row["account"]!.isEmpty)
        }
        // Ids stand for names: the same sums under as many keys.
        #expect(found.wonByAgent.values.sorted() == naive.wonByAgent.values.sorted())
        #expect(found.wonByProduct.values.sorted() == naive.wonByProduct.values.sorted())
        #expect(found.wonByMonth == naive.wonByMonth)
        #expect(found.stages.values.sorted() == naive.stages.values.sorted())
        for row in naive.accounts {
            let account = try #require(try await house.record(Account.self, row["account"]!, source: "maven"))
            #expect(account.text("industry") == row["sector"])
            #expect(account["custom"]?["office_location"]?.string == row["office_location"])
            let parent = row["subsidiary_of"]!
            let expected = parent.isEmpty ? nil : try await house.id("account", parent, source: "maven")
            #expect(account.id("parent_id") == expected)
        }
        for row in naive.agents {
            let agent = try #require(try await house.record(Member.self, row["sales_agent"]!, source: "maven"))
            let team = try #require(try await house.record(Team.self, row["manager"]!, source: "maven"))
            #expect(try await agent.id("team_id") == house.id("team", row["manager"]!, source: "maven"))
            #expect(try await team.id("manager_id") == house.id("member", row["manager"]!, source: "maven"))
            #expect(team.text("region") == row["regional_office"])
        }
    }

    /// The plainest reading of the files: no quotes occur in them.
    struct Naive {
        var deals: [[String: String]] = []
        var accounts: [[String: String]] = []
        var agents: [[String: String]] = []
        var wonByAgent: [String: Int] = [:]
        var wonByProduct: [String: Int] = [:]
        var wonByMonth: [String: Int] = [:]
        var stages: [String: Int] = [:]

        init() {}
        init(_ folder: String) throws {
            deals = try Self.read(folder + "/sales_pipeline.csv")
            accounts = try Self.read(folder + "/accounts.csv")
            agents = try Self.read(folder + "/sales_teams.csv")
            for deal in deals {
                stages[deal["deal_stage"]!, default: 0] += 1
                guard deal["deal_stage"] == "Won", let value = Int(deal["close_value"]!) else { continue }
                wonByAgent[deal["sales_agent"]!, default: 0] += value * 100
                wonByProduct[deal["product"]!, default: 0] += value * 100
                wonByMonth[String(deal["close_date"]!.prefix(7)), default: 0] += value * 100
            }
        }
        private static func read(_ path: String) throws -> [[String: String]] {
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline)
            let names = lines[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            return lines.dropFirst().map { line in
                let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                return Dictionary(uniqueKeysWithValues: zip(names, cells))
            }
        }
    }
}
