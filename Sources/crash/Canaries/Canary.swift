import ArgumentParser

/// Faults that are put in on purpose: a run that does not find them is worth nothing.
enum Canary: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// An append that nothing keeps from taking a position that another is writing: the primary key is taken away.
    case skipLock = "skip-lock"
    /// A reader that reads what is new, asks for the highest position, and goes on from there.
    case highestPosition = "highest-position"
    /// A projector that writes rows and checkpoint in two transactions.
    case outsideCheckpoint = "outside-checkpoint"

    /// What must be among the findings.
    var mark: Finding.Kind {
        switch self {
        case .skipLock: .positions
        case .highestPosition: .follower
        case .outsideCheckpoint: .rows
        }
    }

    /// Makes a run's database what the canary needs.
    func spoil(_ database: Ground.Database) async throws {
        guard self == .skipLock else { return }
        try await database.ground.administer(SQL.skipLock, in: database.name)
    }
}
