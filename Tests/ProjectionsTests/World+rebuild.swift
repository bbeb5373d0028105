import Postgres
import PostgresTesting
import Synchronization

@testable import Projections

extension World {
    private struct Ended: Error {}

    /// One attempt at a rebuild that is ended after `steps` times of putting something down; nil: it was.
    func rebuild(
        _ files: [ProjectionFile], endingAfter steps: Int, unsealing: Unsealing? = nil,
        catalogue: EventCatalogue? = nil
    ) async throws -> [Rebuilt]? {
        let definitions = try files.map { try Definition.read(file: $0.name, text: $0.text, catalogue: catalogue) }
        let left = Mutex(steps)
        let owner = BlockingPool(database.settings(role: "daybook_owner"), size: 1, name: "test", log: quiet)
        do {
            let rebuilt = try await owner.run { connection in
                var rebuild = Rebuild(
                    connection, definitions, RebuildOptions(), unsealing: unsealing, log: quiet, progress: { _ in })
                rebuild.pace = Pace(worthACopy: 60, chunk: 45, rest: .zero, share: 0) {
                    let isLast = left.withLock { left in
                        left -= 1
                        return left < 0
                    }
                    if isLast { throw Ended() }
                }
                return try rebuild.run()
            }
            await owner.close()
            return rebuilt
        } catch is Ended {
            await owner.close()
            return nil
        }
    }
}
