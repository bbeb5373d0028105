import Foundation
import Logging
import Postgres
import Testing

@Suite(.serialized, .enabled(if: Sales.isThere, "\(Sales.absence)"))
struct ImportTests {
    static let files = ["sales_teams", "products", "accounts", "sales_pipeline"]

    @Test(.timeLimit(.minutes(6)))
    func `the reports on imported sales equal what naive lines compute`() async throws {
        let house = try House()
        let (server, client) = try await house.serve(["--empty"])
        for file in Self.files {
            let imported = try await house.importing(file)
            #expect(imported.code == 0 || imported.code == 2, "\(imported.talk)")
            #expect(imported.object["rejected"] as? Int == 0)
        }
        try await client.beCaughtUp(to: house.log().last)
        try await client.expectSales()
        try await client.expectPast()
        let before = try await house.log()
        for file in Self.files {
            let again = try await house.importing(file)
            #expect(again.object["accepted"] as? Int == 0)
            #expect(again.object["events"] as? Int == 0)
        }
        #expect(try await house.log() == before)

        for verb in ["drop", "rebuild"] { #expect(try await house.run(["projections", verb, "--all"]).code == 0) }
        try await client.expectSales()
        let verified = try await house.run(["projections", "verify", "--all", "--format", "json"])
        #expect(verified.code == 0)
        let projections = verified.object["projections"] as? [[String: any Sendable]] ?? []
        #expect(projections.count > 5)
        #expect(projections.allSatisfy { $0["equal"] as? Bool == true })
        await house.leave(server)
    }

    @Test(.timeLimit(.minutes(6)))
    func `an import that kill -9 cut short is completed by repeating it`() async throws {
        let undisturbed = try House()
        let (calm, _) = try await undisturbed.serve(["--empty"])
        for file in Self.files { #expect(try await undisturbed.importing(file).code != 1) }
        let expected = try await undisturbed.log()
        await undisturbed.leave(calm)

        let house = try House()
        var (server, client) = try await house.serve(["--empty"])
        for file in Self.files.dropLast() { #expect(try await house.importing(file).code != 1) }
        let begun = try await house.log().count
        let importing = try Running(house.importVerb("sales_pipeline"))
        while importing.process.isRunning, try await house.log().count < begun + 2000 {
            try await Task.sleep(for: .milliseconds(20))
        }
        server.signal(SIGKILL)
        if let postgres = house.postgres { kill(postgres, SIGKILL) }
        _ = await server.ended()
        importing.signal(SIGKILL)
        _ = await importing.ended()

        (server, client) = try await house.serve()
        #expect(try await house.log().count < expected.count)
        #expect(try await house.importing("sales_pipeline").code != 1)
        #expect(try await house.log() == expected)
        try await client.beCaughtUp(to: expected.last)
        try await client.expectSales()
        await house.leave(server)
    }
}

extension ImportTests {
    @Test(.timeLimit(.minutes(6)))
    func `the four files taken back leave nothing in use, and come again`() async throws {
        let house = try House()
        let (server, client) = try await house.serve(["--empty"])
        let before = try await client.inUse()
        var imports: [String] = []
        for file in Self.files {
            let imported = try await house.importing(file)
            imports.append(try #require(imported.object["import"] as? String))
        }
        for id in imports.reversed() {
            let told = try await house.run(["import", "revert", id, "--format", "json"])
            #expect(told.code == 0, "\(told.talk)")
            #expect(told.object["refused"] as? Int == 0)
        }
        try await client.beCaughtUp(to: house.log().last)
        #expect(try await client.inUse() == before)
        let again = try await house.importing("sales_pipeline")
        #expect(again.object["accepted"] as? Int == 4365, "\(again.talk)")
        #expect(again.object["rejected"] as? Int == 0)
        await house.leave(server)
    }
}

extension Client {
    /// How many records there are of each kind that nobody put away.
    func inUse() async throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for plural in ["accounts", "deals", "members", "pipelines", "products", "teams"] {
            let list = try await get("/api/v1/\(plural)?limit=1&total=exact")
            counts[plural] = list.object["total"] as? Int
        }
        return counts
    }
}

extension House {
    func importVerb(_ file: String) -> [String] {
        let map = "maven-" + file.replacing("_", with: "-")
        return ["import", "\(Sales.folder)/\(file).csv", "--map", map, "--data", folder, "--format", "json"]
    }
    func importing(_ file: String) async throws -> Program.Outcome { try await Program.run(importVerb(file)) }

    /// The extent of all logs together.
    struct Extent: Equatable {
        let count, first, last: Int64
    }
    func log() async throws -> Extent {
        let url = try await run(["database", "url", "--role", "worker"]).output.split(separator: "\n")[0]
        let connection = PipelinedConnection(ConnectionSettings(url: String(url)), log: Logger(label: "test"))
        let sql = "SELECT count(*), coalesce(min(position), 0), coalesce(max(position), 0) FROM log.event"
        let row = try await connection.query(Statement(sql))[0]
        let extent = Extent(count: try row.bigint(0), first: try row.bigint(1), last: try row.bigint(2))
        await connection.close()
        return extent
    }
}

extension Client {
    /// Waits until the tables of the reports on deals have reached a position, however slow the machine is.
    func beCaughtUp(to position: Int64) async throws {
        for path in ["reports/deals?measure=won_amount&by=team", "reports/overview"] {
            while true {
                let answer = try await get("/api/v1/" + path, headers: ["Daybook-Min-Position": "\(position)"])
                if answer.status != 503 { break }
            }
        }
    }

    /// The rows of a report by their labels.
    func figures(_ measure: String, by: String) async throws -> Sales.Figures {
        let answer = try await get("/api/v1/reports/deals?measure=\(measure)&by=\(by)")
        #expect(answer.status == 200)
        return answer.rows.reduce(into: [:]) { figures, row in
            let label = row["label"] as? String ?? row["key"] as? String ?? ""
            figures[label] = (row["value"] as? NSNumber)?.doubleValue
        }
    }

    func expectSales() async throws {
        let sales = try Sales()
        #expect(try await figures("won_amount", by: "quarter") == sales.wonByQuarter)
        #expect(try await figures("won_amount", by: "owner") == sales.wonByAgent)
        #expect(try await figures("won_amount", by: "team") == sales.wonByTeam)
        #expect(try await figures("won_amount", by: "region") == sales.wonByRegion)
        #expect(try await figures("won_amount", by: "product") == sales.wonByProduct)
        #expect(try await figures("count", by: "stage") == sales.countByStage)
        let total = try await figures("won_amount", by: "none")
        #expect(Array(total.values) == [sales.won { _ in "" }[""] ?? 0])
        let days = try await figures("days_to_win", by: "none")
        #expect(abs((days.values.first ?? 0) - sales.daysToWin) < 0.001)
    }

    /// What was imported today was true on its own dates, and known on none of them.
    func expectPast() async throws {
        let sales = try Sales()
        for day in ["2016-10-31", "2017-03-31", "2017-06-30", "2017-12-31"] {
            let wanted = sales.past(day)
            let deals = try await overview("as_of=\(day)")
            #expect(["open", "won", "lost"].map { deals[$0] } == [wanted.open, wanted.won, wanted.lost], "\(day)")
            let report = try await get("/api/v1/reports/deals?measure=won_amount&as_of=\(day)")
            let amounts = report.rows.map { ($0["value"] as? NSNumber)?.doubleValue ?? 0 }
            #expect(amounts == (wanted.won == 0 ? [] : [wanted.amount]), "\(day)")
            let listed = try await get("/api/v1/deals?as_of=\(day)&status=open&total=exact&limit=1")
            #expect(listed.object["total"] as? Int == wanted.open, "\(day)")
            #expect(try await overview("as_known=\(day)")["total"] == 0, "\(day)")
        }
        let stages = try await get("/api/v1/reports/stages?kind=open").rows
        let engaging = try #require(stages.first { $0["stage_name"] as? String == "Engaging" })
        #expect(engaging["left"] as? Int == sales.engaged.count)
        let days = ((engaging["mean_seconds"] as? NSNumber)?.doubleValue ?? 0) / 86_400
        // Days of spring and autumn are of other lengths where the clocks change.
        #expect(abs(days - sales.engaged.days) < 0.05)
    }

    /// How many deals there are in all, and of each status.
    private func overview(_ moment: String) async throws -> [String: Int] {
        let deals = try await get("/api/v1/reports/overview?\(moment)").object["deals"] as? [String: Any] ?? [:]
        return deals.compactMapValues { $0 as? Int ?? ($0 as? [String: Any])?["count"] as? Int }
    }
}
