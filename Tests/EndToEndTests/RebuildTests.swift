import Foundation
import Logging
import Postgres
import Synchronization
import Testing

/// The verbs of an analyst, on a server that serves.
@Suite(.timeLimit(.minutes(4))) struct RebuildTests {
    private func projections(_ outcome: Program.Outcome) -> [[String: any Sendable]] {
        outcome.object["projections"] as? [[String: any Sendable]] ?? []
    }

    /// A way into the server's own database.
    private func settings(_ house: House) async throws -> ConnectionSettings {
        let url = try await house.run(["database", "url"]).output
        return ConnectionSettings(url: url.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    @Test func `a rebuild that is killed harms nothing, and the next one goes on with it`() async throws {
        let house = try House()
        let (server, client) = try await house.serve()
        let reader = BlockingPool(try await settings(house), size: 1, name: "a long report", log: quiet)
        // A report that reads: the new table is built, and the swap waits.
        let (began, ends) = (Signal(), Signal())
        let reading = Task {
            try await reader.run { connection in
                try connection.transaction {
                    _ = try connection.query(Statement("SELECT count(*) FROM read.deals"))
                    began.give()
                    while !ends.isGiven { usleep(5000) }
                }
            }
        }
        for _ in 0..<2000 where !began.isGiven { try await Task.sleep(for: .milliseconds(5)) }
        let rebuild = try Running(["projections", "rebuild", "deals", "--data", house.folder])
        for _ in 0..<2000 where !rebuild.talk.contains("waits for") { try await Task.sleep(for: .milliseconds(10)) }
        #expect(rebuild.talk.contains("a long report"))
        rebuild.signal(SIGKILL)
        #expect(await rebuild.ended() == 128 + SIGKILL)
        // The old table serves, and writes go on.
        #expect(try await client.post("/api/v1/accounts", ["name": "Written meanwhile"]).status == 201)
        #expect(try await client.get("/api/v1/deals?limit=1").status == 200)
        let status = try await house.run(["projections", "status", "--format", "json"])
        let deals = projections(status).first { $0["projection"] as? String == "deals" }
        #expect((deals?["rebuild"] as? [String: any Sendable])?["at_work"] as? Bool == false)
        ends.give()
        try await reading.value
        let again = try await house.run(["projections", "rebuild", "deals", "--format", "json"])
        #expect(again.code == 0, "\(again.talk)")
        #expect(projections(again).first?["continued"] as? Bool == true)
        #expect(projections(again).first?["rows_changed"] as? Int == 0)
        let verified = try await house.run(["projections", "verify", "--all"])
        #expect(verified.code == 0, "\(verified.output)")
        await reader.close()
        await house.leave(server)
    }

    @Test func `a candidate is compared, built beside, swapped and taken back by verbs`() async throws {
        let house = try House()
        let (server, client) = try await house.serve()
        let shipped = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../projections/products.yaml").standardizedFileURL
        let text = try String(contentsOf: shipped, encoding: .utf8)
        let candidate = house.folder + "/products.yaml"
        try text.write(toFile: candidate, atomically: true, encoding: .utf8)
        let diff = ["projections", "diff", "products", "--with", candidate]
        let same = try await house.run(diff)
        #expect(same.code == 0, "\(same.talk)")
        let compass = ["name": "Compass", "code": "C-1", "series": "S"]
        #expect(try await client.post("/api/v1/products", compass).status == 201)
        let removed = text.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.contains("series") }.joined(separator: "\n")
        try removed.write(toFile: candidate, atomically: true, encoding: .utf8)
        _ = try await house.run(["projections", "status"])
        var found = try await house.run(diff + ["--format", "json"])
        for _ in 0..<50 where found.object["rows"] as? Int == 0 {
            found = try await house.run(diff + ["--format", "json"])
        }
        #expect(found.code == 2, "\(found.output) \(found.talk)")
        #expect(found.object["gone_columns"] as? [String] == ["series"])
        let wrong = try await house.run(["projections", "diff", "deals", "--with", candidate])
        #expect(wrong.code == 1)
        // No view may lose a column that it shows; what it costs is said, and nothing is changed.
        let refused = try await house.run(["projections", "rebuild", "products", "--with", candidate])
        #expect(refused.code == 1)
        #expect(refused.talk.contains("product_documents"))
        #expect(try await house.run(["projections", "drop", "products__new"]).code == 0)
        let built = try await house.run(["projections", "rebuild", "products", "--no-swap", "--format", "json"])
        #expect(projections(built).first?["swapped"] as? Bool == false)
        for verb in ["swap", "rollback", "rollback"] {
            let outcome = try await house.run(["projections", verb, "products"])
            #expect(outcome.code == 0, "\(outcome.talk)")
            #expect(try await client.get("/api/v1/products?code=C-1").status == 200)
        }
        #expect(try await house.run(["projections", "rollback", "deals"]).code == 1)
        let api = try await client.get("/api/v1/projections/products")
        #expect(api.status == 200)
        #expect(api.object["state"] as? String == "live")
        let rebuilt = try await client.post("/api/v1/projections/products/rebuild?swap=false", [:])
        #expect(rebuilt.status == 202 && rebuilt.headers["location"] == "/api/v1/projections/products")
        for _ in 0..<200 {
            let swapped = try await client.post("/api/v1/projections/products/swap", [:])
            if swapped.status == 200 { break }
            #expect(swapped.status == 409)
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(try await house.run(["projections", "verify", "--all"]).code == 0)
        await house.leave(server)
    }
}

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Something that one thread tells another once.
private final class Signal: Sendable {
    private let state = Mutex(false)
    var isGiven: Bool { state.withLock { $0 } }
    func give() { state.withLock { $0 = true } }
}
