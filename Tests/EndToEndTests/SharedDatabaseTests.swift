import Foundation
import Postgres
import PostgresTesting
import Testing

/// Servers on a Postgres that is not their own.
@Suite struct SharedDatabaseTests {
    @Test(.timeLimit(.minutes(2)))
    func `an API process and a projector process serve one database`() async throws {
        let database = try await TestCluster.shared.database(migrated: false)
        let (first, second) = (try House(), try House())
        let named = ["--database-url", database.url]
        let (api, client) = try await first.serve(["--empty", "--role", "api"] + named)
        // It listens nowhere: that the API's port is taken is nothing to it.
        let port = try #require(client.url.split(separator: ":").last)
        let apart = ["start", "--data", second.folder, "--role", "projector", "--port", "\(port)"] + named
        let stranger = try await Program.run(apart)
        #expect(stranger.code == 3 && stranger.talk.contains("master key is missing"), "\(stranger.talk)")
        let projector = try Running(
            apart, environment: ["DAYBOOK_MASTER_KEY_FILE": first.folder + "/master.key"])
        let created = try await client.post("/api/v1/accounts", ["name": "Fathom Marine"])
        let position = try #require(created.headers["daybook-position"])
        let found = try await client.get(
            "/api/v1/accounts/\(created.id)", headers: ["Daybook-Min-Position": position])
        #expect(found.status == 200)
        projector.signal(SIGTERM)
        #expect(await projector.ended() == 0)
        await first.leave(api)
        await second.leave()
    }

    @Test(.timeLimit(.minutes(2)))
    func `a database with other tables, and one of a newer Daybook, are refused in a sentence`() async throws {
        let house = try House()
        let foreign = try await TestCluster.shared.database(migrated: false)
        try await foreign.run("CREATE TABLE public.invoices (id bigint)")
        let other = try await house.run(["start", "--port", "0", "--database-url", foreign.url])
        #expect(other.code == 3)
        #expect(other.talk.contains("holds what is not Daybook's"))

        let newer = try await TestCluster.shared.database(migrated: true)
        try await newer.run("INSERT INTO access.migration (number, name, sha256) VALUES (999, 'later', sha256(''))")
        let refused = try await house.run(["start", "--port", "0", "--database-url", newer.url])
        #expect(refused.code == 3)
        #expect(refused.talk.contains("migrated by a newer Daybook"))
        await house.leave()
    }
}

extension TestDatabase {
    fileprivate func run(_ sql: String) async throws {
        let connection = PipelinedConnection(ConnectionSettings(url: url), log: quiet)
        _ = try await connection.query(Statement(sql))
        await connection.close()
    }
}
