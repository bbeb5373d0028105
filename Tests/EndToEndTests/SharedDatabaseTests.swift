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
        let found = try await client.get("/api/v1/accounts/\(created.id)", after: created)
        #expect(found.status == 200)
        projector.signal(SIGTERM)
        #expect(await projector.ended() == 0)
        await first.leave(api)
        await second.leave()
    }

    @Test(.timeLimit(.minutes(4)))
    func `of three projectors one is killed and one frozen: the third feeds all, and nothing is applied twice`()
        async throws
    {
        let database = try await TestCluster.shared.database(migrated: false)
        let named = ["--database-url", database.url]
        let house = try House()
        let (api, client) = try await house.serve(["--empty", "--role", "api"] + named)
        var clients = [client]
        for number in 1...4 {
            let made = try await house.run(
                ["organization", "create", "--name", "O\(number)", "--email", "o\(number)@example.com"] + named)
            clients.append(Client(url: client.url, token: made.object["token"] as? String ?? ""))
        }
        let key = ["DAYBOOK_MASTER_KEY_FILE": house.folder + "/master.key"]
        let houses = [try House(), try House(), try House()]
        let projectors = try houses.map {
            try Running(["start", "--data", $0.folder, "--role", "projector"] + named, environment: key)
        }
        for projector in projectors { _ = await projector.says("ready") }
        #expect(try await database.eventually("SELECT count(*) = 3 FROM read.lease"))
        for client in clients { try await client.writesAndSees("Before") }

        projectors[0].signal(SIGKILL)
        projectors[1].signal(SIGSTOP)
        for client in clients { try await client.writesAndSees("Meanwhile") }
        #expect(try await database.eventually("SELECT count(*) = 1 FROM read.lease"))
        projectors[1].signal(SIGCONT)
        #expect(try await database.eventually("SELECT count(*) = 2 FROM read.lease"))
        for client in clients { try await client.writesAndSees("After") }

        let verified = try await house.run(["projections", "verify", "--all"] + named)
        #expect(verified.code == 0, "\(verified.talk)")
        for projector in projectors.dropFirst() {
            projector.signal(SIGTERM)
            #expect(await projector.ended() == 0)
        }
        await house.leave(api)
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

    /// Asks again and again, half a minute at most, until the answer is yes.
    fileprivate func eventually(_ question: String) async throws -> Bool {
        let connection = PipelinedConnection(superuser, log: quiet)
        for _ in 0..<300 {
            if try await connection.query(Statement(question))[0].bool(0) { return true }
            try await Task.sleep(for: .milliseconds(100))
        }
        await connection.close()
        return false
    }
}

extension Client {
    /// Makes an account, and reads it in the read tables; a projector may have to be taken over from first.
    fileprivate func writesAndSees(_ name: String) async throws {
        let created = try await post("/api/v1/accounts", ["name": name])
        #expect(try await get("/api/v1/accounts/\(created.id)", after: created).status == 200)
    }
}
