import Foundation
import Postgres
import PostgresTesting
import Testing

@Suite struct PolicyTests {
    @Test(.timeLimit(.minutes(4)))
    func `a server that is killed while a stage's deals are moved has moved each exactly once in the end`() async throws
    {
        let house = try House()
        var (server, client) = try await house.serve(["--empty"])
        let pipelines = try await client.get("/api/v1/pipelines")
        let pipeline = try #require((pipelines.object["items"] as? [[String: any Sendable]])?.first)
        let stages = (pipeline["stages"] as? [[String: any Sendable]] ?? []).compactMap { $0["id"] as? String }
        let (id, old, new) = (pipeline["id"] as? String ?? "", stages[0], stages[1])
        for round in 0..<5 {
            let commands: [[String: Any]] = (0..<50).map { number in
                [
                    "entity": "deal", "command": "open",
                    "body": ["title": "Deal \(round)/\(number)", "stage_id": old, "pipeline_id": id],
                ]
            }
            let answer = try await client.post("/api/v1/commands", ["atomic": true, "commands": commands])
            #expect(answer.status == 200, "\(answer.object)")
        }
        let retired = try await client.post(
            "/api/v1/pipelines/\(id)/retire_stage", ["stage_id": old, "target_id": new])
        #expect(retired.status == 200, "\(retired.object)")
        for pause in [30, 150, 400] {
            try await Task.sleep(for: .milliseconds(pause))
            server.signal(SIGKILL)
            _ = await server.ended()
            (server, client) = try await house.serve()
        }
        let url = try await house.run(["database", "url", "--role", "worker"]).output
        let connection = PipelinedConnection(
            ConnectionSettings(url: url.trimmingCharacters(in: .whitespacesAndNewlines)), log: quiet)
        let done = "SELECT count(*) = 250 FROM log.event WHERE type = 'deal.moved'"
        for _ in 0..<300 where try await !connection.query(Statement(done))[0].bool(0) {
            try await Task.sleep(for: .milliseconds(100))
        }
        let position = try #require(retired.object["position"] as? Int)
        let reached =
            "SELECT coalesce(min(position) >= \(position), false) FROM log.policy_progress"
            + " WHERE policy = 'stage_retirement'"
        for _ in 0..<300 where try await !connection.query(Statement(reached))[0].bool(0) {
            try await Task.sleep(for: .milliseconds(100))
        }
        let told = try await connection.query(
            Statement(
                "SELECT count(*), count(DISTINCT stream_id), count(DISTINCT command_id) FROM log.event"
                    + " WHERE type = 'deal.moved' AND meta ->> 'cause' = '\(position)'"))
        #expect(try told[0].bigint(0) == 250 && told[0].bigint(1) == 250 && told[0].bigint(2) == 250)
        await connection.close()
        let last = try await client.post("/api/v1/teams", ["name": "After it"])
        let board = try await client.get("/api/v1/pipelines/\(id)/board?limit=1", after: last)
        let columns = board.object["stages"] as? [[String: any Sendable]] ?? []
        // Nothing is left in it, so the board does not show it any more; the pipeline still knows its name.
        #expect(columns.compactMap { $0["id"] as? String } == Array(stages.dropFirst()))
        #expect(columns.first?["count"] as? Int == 250)
        let shown = try await client.get("/api/v1/pipelines/\(id)")
        let first = try #require((shown.object["stages"] as? [[String: any Sendable]])?.first)
        #expect(first["retired"] as? Bool == true && first["retired_to"] as? String == new)
        #expect(first["name"] as? String == "Qualification")
        await house.leave(server)
    }
}
