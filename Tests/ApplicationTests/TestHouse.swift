import CRM
import Foundation
import Kernel
import PostgresTesting
import Testing

@testable import Application

/// A database of its own with one organization in it, and its owner.
struct TestHouse: Sendable {
    let daybook: Daybook
    let founding: Access.Founding
    let database: TestDatabase
    var organization: UUID { founding.organization }
    var owner: Caller { caller(.owner) }

    init() async throws {
        database = try await TestCluster.shared.database()
        daybook = Daybook(database: database.settings(), clock: TestHouse.clock, log: quiet)
        founding = try await daybook.access.createOrganization(name: "Test", email: "owner@example.com")
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

enum FieldSetID {
    static let account = FieldSet.id(of: "account")
}
