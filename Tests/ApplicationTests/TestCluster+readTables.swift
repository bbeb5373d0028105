import PostgresTesting
import Projections
import Shipped

@testable import Application

/// The read tables that come with Daybook.
let shippedProjections = Shipped.files(in: "projections").map { ProjectionFile(name: $0.name, text: $0.text) }

extension TestCluster {
    /// A database with the read tables that come with Daybook, all empty. They are made once, which takes seconds, and
    /// cloned.
    func readTables() async throws -> TestDatabase {
        try await database(like: "read_tables") { template in
            let daybook = Daybook(
                database: template.settings(), master: TestHouse.master, clock: TestHouse.clock, log: quiet)
            try await daybook.deploy(shippedProjections)
            await daybook.close()
        }
    }
}
