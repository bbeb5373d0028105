import CRM
import EventLog
import FoundationEssentials
import Kernel
import Postgres
import Vault

extension Access {
    /// A new organization and the one who owns it.
    public struct Founding: Sendable {
        /// Its log, and the stream of its own record.
        public let organization: UUID
        /// The member who owns it.
        public let owner: UUID
        /// With which the owner logs in.
        public let email: String
        /// The password, which is nowhere else.
        public let password: String
        /// A token of the owner, valid for a year.
        public let token: String
    }

    /// What an organization counts and reckons in.
    public struct Settings: Sendable {
        /// ISO 4217.
        public var currency = "USD"
        /// IANA.
        public var timeZone = "UTC"
        /// First month of the fiscal year.
        public var fiscalYearStart: Int64 = 1

        /// US dollars, UTC, calendar years.
        public init() {}
    }

    /// Founds an organization with its owner and a default pipeline, in one unit: all of it or nothing.
    /// - Parameter password: 10 to 200 characters; nil makes one.
    public func createOrganization(
        name: String, email: String, password: String? = nil, settings: Settings = Settings(), channel: Channel = .cli
    ) async throws(Problem) -> Founding {
        let password = password ?? Token().text
        try Access.check(password)
        guard let email = Normal.email(email) else {
            throw .invalid([Flaw("/email", "malformed", "an e-mail address such as ann@example.com")])
        }
        let (organization, owner, pipeline) = (commands.fresh(), commands.fresh(), commands.fresh())
        do { _ = try await commands.keyring.create(organization) } catch is KeyError { throw .keysForeign } catch {
            throw .unavailable
        }
        let log = try await logKeys.first(of: organization)
        // Before the events: a crash in between leaves a credential of nobody, never an owner who cannot log in.
        try await store(password, email: email, of: owner, in: organization)
        let system = Caller(
            organization: organization, actor: organization, kind: .system, role: .owner, channel: channel,
            request: "founding")
        _ = try await commands.execute(
            [
                Ask(
                    Organization.name, .id(organization), "create",
                    [
                        "name": .string(name), "currency": .string(settings.currency),
                        "time_zone": .string(settings.timeZone),
                        "fiscal_year_start": .integer(settings.fiscalYearStart), "log": log,
                    ]),
                Ask(Member.name, .id(owner), "add", ["name": "Owner", "email": .string(email), "role": "owner"]),
                Ask(Pipeline.name, .id(pipeline), "create", Access.salesPipeline),
                Ask(Organization.name, .id(organization), "edit", ["default_pipeline_id": .string(pipeline.text)]),
            ], by: system)
        let token = try await issue(to: owner, in: organization, lifetime: 365 * 86_400_000_000).token
        return Founding(organization: organization, owner: owner, email: email, password: password, token: token)
    }

    /// A new password for an owner, for whoever holds the data folder but lost the credentials.
    public func recoverOwner(of organization: UUID) async throws(Problem) -> Founding? {
        let rows = try await query(Statement(SQL.credentialsOfOrganization) { $0.uuid(organization) })
        for row in rows {
            let (member, email) = try read { () throws(PostgresError) in (try row.uuid(0), try row.text(1)) }
            guard try await role(of: member, in: organization) == .owner else { continue }
            let password = Token().text
            try await store(password, email: email, of: member, in: organization)
            let token = try await issue(to: member, in: organization, lifetime: 365 * 86_400_000_000).token
            return Founding(organization: organization, owner: member, email: email, password: password, token: token)
        }
        return nil
    }

    /// The pipeline that every organization begins with.
    static let salesPipeline: JSON = [
        "name": "Sales",
        "stages": [
            ["name": "Qualification", "kind": "open", "probability": 10],
            ["name": "Needs analysis", "kind": "open", "probability": 25],
            ["name": "Proposal", "kind": "open", "probability": 50],
            ["name": "Negotiation", "kind": "open", "probability": 75],
            ["name": "Won", "kind": "won", "probability": 100],
            ["name": "Lost", "kind": "lost", "probability": 0],
        ],
    ]
}
