import Files
import Foundation
import Kernel
import Logging
import PostgresTesting
import Projections
import Shipped
import Vault

@testable import API
@testable import Application

/// A whole Daybook on a port: its own database, the shipped read tables, a projector that follows, and the API. All
/// tests of this process share one; each makes organizations of its own.
final class House: Sendable {
    let daybook: Daybook
    let port: Int
    let lines: Lines
    /// Where files of records are kept, a mebibyte each at most.
    let files: FolderStore
    let routes: [Route]

    static let shared = Task { try await House() }

    private init() async throws {
        let database = try await TestCluster.shared.database()
        files = FolderStore(FileManager.default.temporaryDirectory.appending(path: "daybook-files-\(UUID())").path)
        let daybook = Daybook(
            database: database.settings(), master: House.master, clock: House.clock,
            files: Attachments.Options(store: files, limit: 1 << 20), passwords: PasswordHasher(cost: .least),
            patience: .seconds(60), log: quiet)
        try await daybook.deploy(
            Shipped.files(in: "projections").map { ProjectionFile(name: $0.name, text: $0.text) })
        Task { await daybook.projector.run() }
        let lines = Lines()
        let services = Services(daybook, version: "test")
        let logger = Logger(label: "test") { JSONLogHandler(label: $0, output: .function { lines.take($0) }) }
        let (ports, told) = AsyncStream.makeStream(of: Int.self)
        let server = Server(services, port: 0, logger: logger) { told.yield($0) }
        Task { try await server.run() }
        var bound = 0
        for await port in ports {
            bound = port
            break
        }
        (self.daybook, self.lines, port) = (daybook, lines, bound)
        routes = Routes(services: services, metrics: Metrics()).all
    }

    static let master = MasterKey(bytes: Array(repeating: 7, count: 32))
    static let clock: @Sendable () -> Instant = {
        Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
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
        try await anonymously(signed(call, as: token))
    }
    func signed(_ call: Call, as token: String? = nil) -> Call {
        var call = call
        call.headers.append(("Authorization", "Bearer \(token ?? founding.token)"))
        return call
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
    /// Attaches a file, by itself.
    func attach(_ bytes: [UInt8], as name: String, to subject: String, _ headers: [(String, String)] = []) async throws
        -> Wire.Answer
    {
        let path = "/api/v1/attachments?filename=\(name)&subject=\(subject)"
        return try await send(Call("POST", path, [("Content-Type", "application/x-test")] + headers, bytes))
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
