import Foundation
import Kernel
import Logging
import Postgres
import PostgresTesting
import Projections
import Shipped
import Testing

@testable import API
@testable import Application

/// What the server says while its database is gone, and what becomes of its projector.
@Suite(.timeLimit(.minutes(5))) struct OutageTests {
    @Test func `a projector under which the database was killed goes on by itself, and loses and repeats nothing`()
        async throws
    {
        let cluster = TestCluster()
        let database = try await cluster.database()
        let daybook = Daybook(
            database: database.settings(), master: House.master, clock: House.clock, log: quiet)
        try await daybook.deploy(
            Shipped.files(in: "projections").map { ProjectionFile(name: $0.name, text: $0.text) })
        let founding = try await daybook.access.createOrganization(name: "Test", email: "owner@example.com")
        let projecting = Task { await daybook.projector.run() }
        let caller = Caller(
            organization: founding.organization, actor: founding.owner, kind: .member, role: .owner, channel: .api,
            request: "test")
        func team(_ name: String) async {
            let ask = Ask("team", .new, "create", ["name": .string(name)])
            var isMade = false
            for _ in 0..<300 where !isMade {
                isMade = (try? await daybook.commands.execute([ask], by: caller, key: name)) != nil
                if !isMade { try? await Task.sleep(for: .milliseconds(100)) }
            }
            #expect(isMade)
        }
        func healthy() async -> Vitals {
            var vitals = await Vitals(of: daybook, version: "test")
            // The lease is of a session that is gone, until the next one renews it.
            for _ in 0..<300 {
                let isBehind = vitals.projections.contains { $0.lag != 0 }
                if vitals.status == "ok", vitals.projectors == 1, !isBehind { break }
                try? await Task.sleep(for: .milliseconds(100))
                vitals = await Vitals(of: daybook, version: "test")
            }
            return vitals
        }
        for round in 1...3 {
            for number in 0..<15 { await team("Team \(round)/\(number)") }
            // In the middle of the tail; what was applied last may not have reached the disk.
            try await cluster.kill()
            #expect(await Vitals(of: daybook, version: "test").isServing == false)
            // It may also take its time to come back.
            if round == 3 { try await Task.sleep(for: .seconds(8)) }
            try await cluster.server.ensureRunning()
            // Nothing new comes before it has caught up.
            let vitals = await healthy()
            #expect(vitals.status == "ok" && vitals.projectors == 1, "\(vitals.json.text)")
        }
        await team("At last")
        #expect(await healthy().status == "ok")
        for found in try await daybook.models.verify() { #expect(found.equal, "\(found)") }
        projecting.cancel()
        await projecting.value
        // The process serves on, and its projector does not.
        #expect(await Vitals(of: daybook, version: "test").status == "stuck")
        await daybook.close()
        await cluster.stop()
    }

    @Test func `without its database the server says so, leaks nothing, and recovers by itself`() async throws {
        let cluster = TestCluster()
        let database = try await cluster.database()
        let daybook = Daybook(
            database: database.settings(), master: House.master, clock: House.clock, log: quiet)
        let founding = try await daybook.access.createOrganization(name: "Test", email: "owner@example.com")
        let services = Services(daybook, version: "test")
        try await serving({ logger, ready in Server(services, port: 0, logger: logger, ready: ready) }) { port in
            func send(_ call: Call) async throws -> Wire.Answer {
                var call = call
                call.headers.append(("Authorization", "Bearer \(founding.token)"))
                let wire = try Wire(port: port)
                await wire.send(call.bytes)
                return try await wire.receive()
            }
            let team = Call("POST", "/api/v1/teams", json: #"{"name":"North"}"#)
            #expect(try await send(team).status == 201)
            #expect(try await send(Call("GET", "/health")).status == 200)

            try await cluster.kill()
            let health = try await send(Call("GET", "/health"))
            #expect(health.status == 503)
            #expect(health.json["status"] == "down")
            let refused = try await send(team)
            #expect(refused.status == 503)
            #expect(refused["retry-after"] != nil)
            #expect(!refused.text.contains("libpq") && !refused.text.contains("socket"))
            #expect(try await send(Call("GET", "/metrics")).text.contains("daybook_up 0.0\n"))

            try await cluster.server.ensureRunning()
            var status = 0
            for _ in 0..<100 where status != 200 {
                status = try await send(Call("GET", "/health")).status
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(status == 200)
            #expect(try await send(team).status == 201)
        }
        await daybook.close()
        await cluster.stop()
    }
}
