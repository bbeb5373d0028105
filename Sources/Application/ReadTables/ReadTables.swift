import FoundationEssentials
public import Kernel
import Logging
import Postgres
import Projections

/// The read tables over the API: how they are, for owners and auditors of each organization; work on them, which
/// concerns every organization's rows, for administrators of the server alone.
public struct ReadTables: Sendable {
    let models: ReadModels
    let administrators: Administrators
    let log: Logger
    private let work = LongWork()
    /// Seconds that an exchange may wait within a request.
    private static let patience = 15.0

    init(models: ReadModels, administrators: Administrators, log: Logger) {
        (self.models, self.administrators, self.log) = (models, administrators, log)
    }

    /// Ends what is under way; what a rebuild has put down stays.
    func close() async { await work.close() }

    // MARK: - How are they?

    /// All projections, with how far each is in the caller's log: `{"items":[…]}`.
    public func list(by caller: Caller) async throws(Problem) -> JSON {
        ["items": .array(try await items(caller))]
    }

    /// One of them.
    /// - Throws: `projection.not_found`.
    public func one(_ name: String, by caller: Caller) async throws(Problem) -> JSON {
        let all = try await items(caller)
        guard let item = all.first(where: { $0["projection"] == .string(name) }) else { throw .absent("projection") }
        return item
    }

    private func items(_ caller: Caller) async throws(Problem) -> [JSON] {
        guard caller.role == .owner || caller.role == .auditor else {
            throw .forbidden("How the read tables are is for owners and auditors.")
        }
        let isAdministrator = try await administrators.has(caller)
        return try await doing { () async throws -> [JSON] in
            let entries = try await models.list()
            return try await models.status(of: caller.organization).map { status in
                var status = status
                // It counts what all organizations have.
                if !isAdministrator { status = status.withoutRebuild }
                var item = try JSON(encoding: status).object ?? [:]
                let entry = entries.first { $0.projection == status.projection }
                item["description"] = entry?.description.map { .string($0) } ?? .null
                item["generation"] = entry.map { .integer(Int64($0.generation)) } ?? .null
                if isAdministrator { item["verification"] = work.verification(of: status.projection) ?? .null }
                return .object(item)
            }
        }
    }

    // MARK: - What can be done with them?

    /// Begins to build a projection's table anew; how far it is, is told by `one`.
    /// - Parameters:
    ///   - swaps: whether the new table is brought into service.
    ///   - isFresh: whether what an earlier rebuild left is thrown away.
    /// - Throws: `projection.busy` where it is being rebuilt.
    public func rebuild(_ name: String, swaps: Bool, isFresh: Bool, by caller: Caller) async throws(Problem) -> JSON {
        try await admit(caller, name)
        let status = try await doing { try await models.status().first { $0.projection == name } }
        if status?.rebuild?.isAtWork == true { throw .busy(name) }
        var options = RebuildOptions()
        (options.swaps, options.isFresh, options.patience) = (swaps, isFresh, 600)
        let isBegun = work.begin("rebuild \(name)") { [models, log, options] in
            do {
                try await models.rebuild([name], options)
                log.notice("a projection was rebuilt", metadata: ["projection": "\(name)"])
            } catch {
                log.error("a rebuild ended", metadata: ["projection": "\(name)", "error": "\(error)"])
            }
        }
        guard isBegun else { throw .busy(name) }
        note("rebuild", name, caller)
        return ["projection": .string(name), "begun": .bool(true)]
    }

    /// Begins to compare a projection's table with the log; what it finds is told by `one`, in this process.
    public func verify(_ name: String, by caller: Caller) async throws(Problem) -> JSON {
        try await admit(caller, name)
        let isBegun = work.begin("verify \(name)") { [models, log, work] in
            do {
                let found = try await models.verify([name])
                work.keep(try JSON(encoding: found.first), of: name)
            } catch {
                log.error("a verification ended", metadata: ["projection": "\(name)", "error": "\(error)"])
            }
        }
        guard isBegun else { throw .busy(name) }
        return ["projection": .string(name), "begun": .bool(true)]
    }

    /// Brings a new table that was built and not swapped into service.
    public func swap(_ name: String, by caller: Caller) async throws(Problem) -> JSON {
        try await exchange("swap", name, caller) { try await models.swap(name, patience: Self.patience) }
    }

    /// Brings the table back into service that served before.
    public func rollback(_ name: String, by caller: Caller) async throws(Problem) -> JSON {
        try await exchange("rollback", name, caller) { try await models.rollback(name, patience: Self.patience) }
    }

    private func exchange(
        _ what: String, _ name: String, _ caller: Caller, _ body: () async throws -> Void
    ) async throws(Problem) -> JSON {
        try await admit(caller, name)
        note(what, name, caller)
        try await doing(body)
        return try await one(name, by: caller)
    }

    /// Applies what is held of a projection again.
    public func heal(_ name: String, by caller: Caller) async throws(Problem) -> JSON {
        try await admit(caller, name)
        note("heal", name, caller)
        return try await doing { try JSON(encoding: try await models.heal([name]).first) }
    }

    /// Takes a projection's tables away, or one of those beside it: NAME__old, NAME__new.
    public func drop(_ name: String, by caller: Caller) async throws(Problem) -> JSON {
        let projection = ["__old", "__new"].reduce(name) { $0.hasSuffix($1) ? String($0.dropLast($1.count)) : $0 }
        try await admit(caller, projection)
        note("drop", name, caller)
        try await doing { try await models.drop([name]) }
        return ["projection": .string(name), "dropped": .bool(true)]
    }

    // MARK: - Who may?

    private func admit(_ caller: Caller, _ name: String) async throws(Problem) {
        guard try await administrators.has(caller) else {
            throw .forbidden(
                "Read tables hold the rows of every organization of this server: only its administrators may do this.")
        }
        let names = try await doing { try await models.list().map(\.projection) }
        guard names.contains(name) else { throw .absent("projection") }
    }

    private func note(_ what: String, _ name: String, _ caller: Caller) {
        log.notice(
            "an administrator works on a read table",
            metadata: [
                "projection": "\(name)", "act": "\(what)", "actor": "\(caller.actor.text)",
                "request": "\(caller.request)",
            ])
    }

    /// What the store refuses is for the one who asked to mend.
    private func doing<T: Sendable>(_ body: () async throws -> T) async throws(Problem) -> T {
        do {
            return try await body()
        } catch let problem as Problem {
            throw problem
        } catch let error as ReadModelError {
            throw Problem("projection.refused", 409, "\(error).")
        } catch is PostgresError {
            throw .unavailable
        } catch {
            log.error("work on a read table failed: \(error)")
            throw .fault
        }
    }
}

extension Problem {
    static func busy(_ name: String) -> Problem {
        Problem("projection.busy", 409, "Somebody is at work on \(name) already.", retryAfter: 5)
    }
}

extension ProjectionStatus {
    /// The same without what a rebuild says.
    fileprivate var withoutRebuild: ProjectionStatus {
        var status = self
        status.forgetRebuild()
        return status
    }
}
