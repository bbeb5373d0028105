import Foundation
import Testing

@Suite struct ServingTests {
    @Test(.timeLimit(.minutes(3)))
    func `a server that was ended goes on with the same data`() async throws {
        let house = try House()
        var (server, client) = try await house.serve(["--empty"])
        let owner = try house.owner
        let login = try await client.post(
            "/api/v1/auth/login", ["email": owner["email"] ?? "", "password": owner["password"] ?? ""])
        #expect(login.status == 200)
        client.token = try #require(login.object["token"] as? String)
        let created = try await client.post("/api/v1/accounts", ["name": "Heron Analytics"])
        #expect(created.status == 201)

        server.signal(SIGTERM)
        #expect(await server.ended() == 0)
        #expect(house.postgres == nil)

        (server, client) = try await house.serve()
        #expect(try house.owner["organization"] == owner["organization"])
        #expect(try house.owner["password"] == owner["password"])
        let found = try await client.get("/api/v1/accounts/\(created.id)", after: created)
        #expect(found.status == 200)
        #expect(found.object["name"] as? String == "Heron Analytics")
        await house.leave(server)
    }

    @Test(.timeLimit(.minutes(3)))
    func `the first start without --empty shows a demonstration`() async throws {
        let house = try House()
        let credentials = house.folder + "/second.json"
        let (server, client) = try await house.serve(["--credentials", credentials])
        let rows = try await client.get("/api/v1/reports/deals?measure=count&by=stage").rows
        #expect(rows.count > 2)
        let mode = try FileManager.default.attributesOfItem(atPath: credentials)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        server.signal(SIGINT)
        #expect(await server.ended() == 0)
        await house.leave()
    }

    @Test(.timeLimit(.minutes(3)))
    func `after kill -9 of server and Postgres the next start recovers`() async throws {
        let house = try House()
        var (server, client) = try await house.serve(["--empty"])
        let created = try await client.post("/api/v1/accounts", ["name": "Cobalt Freight"])
        server.signal(SIGKILL)
        _ = await server.ended()
        if let postgres = house.postgres { kill(postgres, SIGKILL) }
        (server, client) = try await house.serve()
        let found = try await client.get("/api/v1/accounts/\(created.id)", after: created)
        #expect(found.object["name"] as? String == "Cobalt Freight")
        await house.leave(server)
    }

    @Test(.timeLimit(.minutes(3)))
    func `Postgres that dies while the server serves is started again`() async throws {
        let house = try House()
        let (server, client) = try await house.serve(["--empty"])
        let postgres = try #require(house.postgres)
        kill(postgres, SIGKILL)
        var status = 0
        for _ in 0..<200 where status != 201 {
            status = try await client.post("/api/v1/accounts", ["name": "Garnet Textiles"]).status
            if status != 201 { try await Task.sleep(for: .milliseconds(100)) }
        }
        #expect(status == 201)
        await house.leave(server)
    }

    @Test(.timeLimit(.minutes(3)))
    func `a used port and a used folder are each told in a sentence`() async throws {
        let house = try House()
        let (server, client) = try await house.serve(["--empty"])
        let port = try #require(client.url.split(separator: ":").last)
        let other = try House()
        let used = try await other.run(["start", "--port", "\(port)"])
        #expect(used.code == 3)
        #expect(used.talk.contains("Port \(port) is used by another program"))
        let second = try await house.run(["start", "--port", "0"])
        #expect(second.code == 3)
        #expect(second.talk.contains("is in use by process"))
        await other.leave()
        await house.leave(server)
    }
}
