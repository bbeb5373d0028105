import Foundation
import Testing

/// A folder of another CRM with ten thousand rows, from beginning to end.
@Suite(.serialized) struct LargeFolderTests {
    /// How many rows each table has; of the deals as many are won, lost and open.
    static let counts = [
        "Account": 1000, "Contact": 2000, "Opportunity": 3000, "OpportunityHistory": 3000, "Task": 1000,
    ]

    private static func write(_ folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let stages = ["Closed Won,true,true", "Closed Lost,false,true", "Negotiation,false,false"]
        let tables: [(name: String, header: String, row: (Int) -> String)] = [
            ("Account", "Id,Name,CreatedDate", { "001\($0),Account \($0),2020-01-01T09:00:00Z" }),
            (
                "Contact", "Id,FirstName,LastName,Email,AccountId",
                { "003\($0),Ann,Lee \($0),ann\($0)@example.com,001\($0 % 1000)" }
            ),
            (
                "Opportunity", "Id,Name,AccountId,StageName,IsWon,IsClosed,Amount,CloseDate,CreatedDate",
                { "006\($0),Deal \($0),001\($0 % 1000),\(stages[$0 % 3]),\($0 + 1),2020-03-01,2020-01-01T09:00:00Z" }
            ),
            (
                "OpportunityHistory", "OpportunityId,StageName,Amount,CreatedDate",
                { "006\($0 / 2),\($0 % 2 == 0 ? "Prospecting" : "Negotiation"),1,2020-01-0\($0 % 2 + 1)T09:00:00Z" }
            ),
            ("Task", "Id,Subject,Status,WhatId", { "00T\($0),Call \($0),Completed,001\($0)" }),
        ]
        for (name, header, row) in tables {
            let rows = (0..<(counts[name] ?? 0)).map { row($0) + "\n" }.joined()
            try Data("\(header)\n\(rows)".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name).csv"))
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `ten thousand rows of another CRM come whole, come again unchanged, and go again`() async throws {
        let house = try House()
        let (server, client) = try await house.serve(["--empty"])
        let folder = house.folder + "-large"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Self.write(folder)
        func take() async throws -> [String: any Sendable] {
            let told = try await house.run(["import", folder, "--from", "salesforce", "--format", "json"])
            #expect(told.code == 0, "\(told.talk)")
            return told.object
        }
        let before = try await client.inUse()
        let told = try await take()
        #expect(told["rows"] as? Int == 10_000 && told["accepted"] as? Int == 10_000, "\(told)")
        try await client.beCaughtUp(to: house.log().last)
        let wanted = before.merging(["accounts": 1000, "deals": 3000, "pipelines": 1]) { $0 + $1 }
        #expect(try await client.inUse() == wanted)
        let won = (0..<3000).filter { $0 % 3 == 0 }.reduce(0) { $0 + $1 + 1 }
        #expect(try await Array(client.figures("won_amount", by: "none").values) == [Double(won * 100)])

        let log = try await house.log()
        let again = try await take()
        #expect(again["unchanged"] as? Int == 10_000 && again["events"] as? Int == 0, "\(again)")
        #expect(try await house.log() == log)
        let id = try #require(told["import"] as? String)
        let back = try await house.run(["import", "revert", id, "--format", "json"])
        #expect(back.code == 0 && back.object["refused"] as? Int == 0, "\(back.talk)")
        try await client.beCaughtUp(to: house.log().last)
        #expect(try await client.inUse() == before)
        await house.leave(server)
    }
}
