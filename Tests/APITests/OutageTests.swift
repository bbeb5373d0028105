import Foundation
import Kernel
import Logging
import Postgres
import PostgresTesting
import Testing

@testable import API
@testable import Application

/// What the server says while its database is gone.
@Suite struct OutageTests {
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
            var health = try await send(Call("GET", "/health"))
            // Sessions outlive the server's first process for a moment.
            for _ in 0..<50 where health.status != 503 {
                try await Task.sleep(for: .milliseconds(100))
                health = try await send(Call("GET", "/health"))
            }
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
