import CRM
import Foundation
import Kernel
import PostgresTesting
import Projections
import Testing
import Vault

@testable import Application

/// Projections have problems of their own: those of files.
typealias Problem = Application.Problem

/// A database of its own with one organization in it, and its owner.
struct TestHouse: Sendable {
    let daybook: Daybook
    let founding: Access.Founding
    let database: TestDatabase
    var organization: UUID { founding.organization }
    var owner: Caller { caller(.owner) }

    /// Where its erasures are noted; goes with the house.
    var register: ErasureRegister? { registering?.register }
    private let registering: RegisterFile?

    /// - Parameters:
    ///   - projecting: how the read tables are fed; nil leaves them alone.
    ///   - registering: whether erasures are noted.
    ///   - upcasts: what became of older shapes of events.
    ///   - cluster: where its database lies.
    init(
        projecting: ProjectionRunner.Options? = nil, registering: Bool = false, upcasts: Upcasts = CRM.upcasts,
        in cluster: TestCluster = .shared
    ) async throws {
        database = try await (projecting == nil ? cluster.database() : cluster.readTables())
        self.registering = registering ? RegisterFile() : nil
        daybook = Daybook(
            database: database.settings(), master: TestHouse.master, register: self.registering?.register,
            clock: TestHouse.clock, projecting: projecting ?? .init(), upcasts: upcasts,
            passwords: PasswordHasher(cost: .least), patience: TestHouse.patience, log: quiet)
        founding = try await daybook.access.createOrganization(name: "Test", email: "owner@example.com")
        if projecting != nil { try await daybook.deploy(shippedProjections) }
    }

    /// Wraps the keys of all databases here.
    static let master = MasterKey(bytes: Array(repeating: 7, count: 32))

    /// Of questions: longer than any machine that runs tests takes to feed the read tables.
    static let patience = Duration.seconds(60)

    /// Runs `body` while the read tables are fed.
    func projecting(_ body: () async throws -> Void) async throws {
        let task = Task { await daybook.projector.run() }
        defer { task.cancel() }
        try await body()
    }

    static let clock: @Sendable () -> Instant = {
        Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }

    func caller(_ role: Role) -> Caller {
        Caller(
            organization: organization, actor: founding.owner, kind: .member, role: role, channel: .api, request: "test"
        )
    }
    func fresh() -> UUID { daybook.commands.fresh() }
    func head() async throws -> PositionToken { try await daybook.commands.head(of: organization) }

    func ask(
        _ entity: String, _ target: Ask.Target, _ act: String, _ body: JSON, key: String? = nil, ifMatch: Int32? = nil,
        at: String? = nil, role: Role = .owner
    ) async throws(Problem) -> Answer {
        let ask = Ask(entity, target, act, body, occurredAt: at.flatMap { Instant($0) }, ifMatch: ifMatch)
        return try await daybook.commands.execute([ask], by: caller(role), key: key)
    }

    /// Why it is refused; nil where it is not.
    func problem(
        _ entity: String, _ target: Ask.Target, _ act: String, _ body: JSON, key: String? = nil, ifMatch: Int32? = nil,
        at: String? = nil, role: Role = .owner
    ) async -> Problem? {
        do {
            _ = try await ask(entity, target, act, body, key: key, ifMatch: ifMatch, at: at, role: role)
            return nil
        } catch { return error }
    }
}

/// A register of erasures that is gone with the last reference.
private final class RegisterFile: Sendable {
    let register = ErasureRegister(
        FileManager.default.temporaryDirectory.appending(path: "erasures-\(UUID())").path, master: TestHouse.master)

    deinit { unlink(register.path) }
}

enum FieldSetID {
    static let account = FieldSet.id(of: "account")
}
