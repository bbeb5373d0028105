import CRM
import EventLog
import Foundation
import Kernel
import Logging
import NIOPosix
import Postgres
import PostgresTesting
import Projections
import ServiceLifecycle
import Shipped
import Vault

@testable import API
@testable import Application

/// A whole Daybook on a port: its own database, the shipped read tables, a projector that follows, and the API. All tests
/// of this process share one; each makes organizations of its own.
final class House: Sendable {
    let daybook: Daybook
    let queries: Queries
    let port: Int
    let lines: Lines
    let routes: [Route]

    static let shared = Task { try await House() }

    private init() async throws {
        let database = try await TestCluster.shared.database()
        let settings = database.settings()
        let models = ReadModels(settings, log: quiet)
        try await models.deploy(Shipped.files(in: "projections").map { ProjectionFile(name: $0.name, text: $0.text) })
        let daybook = Daybook(database: settings, clock: House.clock, log: quiet)
        let waits = ProjectionWaits(
            PipelinedConnection(settings.with(role: "daybook_worker"), name: "waits", log: quiet))
        let runner = ProjectionRunner(settings, appender: daybook.appender, waits: waits, log: quiet)
        Task { await runner.run() }
        let queries = Queries(
            url: database.url, entities: entities, surroundings: House.surroundings(daybook, waits), log: quiet)
        let lines = Lines()
        let services = Services(
            entities: entities, commands: daybook.commands, access: daybook.access, queries: queries
        ) {
            let statuses = try? await models.status()
            let projections = (statuses ?? []).map { Vitals.Projection(name: $0.projection, lag: $0.eventsBehind) }
            return Vitals(database: statuses != nil, projections: projections, queued: 0, version: "test")
        }
        let logger = Logger(label: "test") { JSONLogHandler(label: $0, output: .function { lines.take($0) }) }
        let (ports, told) = AsyncStream.makeStream(of: Int.self)
        let server = Server(services, port: 0, logger: logger) { told.yield($0) }
        Task { try await server.run() }
        var bound = 0
        for await port in ports {
            bound = port
            break
        }
        (self.daybook, self.queries, self.lines, port) = (daybook, queries, lines, bound)
        routes = Routes(services: services, metrics: Metrics(), loop: MultiThreadedEventLoopGroup.singleton.next()).all
    }

    static let clock: @Sendable () -> Instant = {
        Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }

    private static func surroundings(_ daybook: Daybook, _ waits: ProjectionWaits) -> Queries.Surroundings {
        @Sendable func keys(_ organization: UUID) async throws(Application.Problem) -> OrganizationKeys {
            let found: OrganizationKeys?
            do { found = try await daybook.keyring.keys(organization) } catch { throw .unavailable }
            guard let found else { throw .absent("organization") }
            return found
        }
        return Queries.Surroundings(
            cursorKey: { organization throws(Application.Problem) in
                try await keys(organization).claimDigest(scope: "cursor", value: "")
            },
            recordID: { organization, entity, source, id throws(Application.Problem) in
                try await keys(organization).importID(
                    source: Normal.key(source) ?? "", entity: entity, externalID: Normal.key(id) ?? "")
            },
            wait: { organization, position, projections in
                _ = await waits.wait(
                    for: organization, position: position, projections: Set(projections), timeout: .seconds(5))
            })
    }

    /// Founds an organization; its owner's address is one that no other has.
    func tenant() async throws -> Tenant {
        let email = "owner-\(UUID().uuidString.lowercased())@example.com"
        let founding = try await daybook.access.createOrganization(
            name: "Test", email: email, password: "long enough 1")
        return Tenant(house: self, founding: founding)
    }

    /// The position and leaf of a log's head.
    func head(of organization: UUID) async throws -> PositionToken {
        try await daybook.commands.head(of: organization)
    }
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// One organization of the house, seen by whoever holds its owner's token.
struct Tenant: Sendable {
    let house: House
    let founding: Access.Founding
    var organization: UUID { founding.organization }

    /// Sends one request on a connection of its own, with the owner's token unless another is given.
    func send(_ call: Call, as token: String? = nil) async throws -> Wire.Answer {
        var call = call
        call.headers.append(("Authorization", "Bearer \(token ?? founding.token)"))
        return try await anonymously(call)
    }
    func anonymously(_ call: Call) async throws -> Wire.Answer {
        let wire = try Wire(port: house.port)
        await wire.send(call.bytes)
        return try await wire.receive()
    }

    func get(_ path: String, min: String? = nil) async throws -> Wire.Answer {
        try await send(Call("GET", "/api/v1" + path, min.map { [("Daybook-Min-Position", $0)] } ?? []))
    }
    func post(_ path: String, _ body: JSON = [:], _ headers: [(String, String)] = []) async throws -> Wire.Answer {
        try await send(Call("POST", "/api/v1" + path, headers, json: body.text))
    }
    func patch(_ path: String, _ body: JSON, _ headers: [(String, String)] = []) async throws -> Wire.Answer {
        try await send(Call("PATCH", "/api/v1" + path, headers, json: body.text))
    }

    /// Makes a record; its id.
    func make(_ plural: String, _ body: JSON) async throws -> String {
        let answer = try await post("/\(plural)", body)
        guard answer.status == 201, let id = answer.json["id"]?.string else { throw Refused(answer: answer.text) }
        return id
    }
    struct Refused: Error { let answer: String }
}
