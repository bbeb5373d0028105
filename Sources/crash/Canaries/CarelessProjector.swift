import Foundation
import Kernel
import Postgres

/// Canary: a projector whose checkpoint is outside the transaction of its rows.
struct CarelessProjector: Sendable {
    private let settings: ConnectionSettings

    init(_ url: String) { settings = ConnectionSettings(url: url, role: "daybook_worker") }

    /// Until its task is cancelled.
    func run() async {
        let pool = BlockingPool(settings, size: 1, name: "projections writing", log: quiet)
        while !Task.isCancelled {
            _ = try? await pool.run { connection in
                let applied = try connection.query(Statement(SQL.applyCarelessly))
                for row in applied {
                    let (organization, position) = (try row.uuid(0), try row.bigint(1))
                    try connection.query(
                        Statement(SQL.advanceCarelessly) {
                            $0.uuid(organization)
                            $0.bigint(position)
                        })
                }
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
        await pool.close()
    }
}
