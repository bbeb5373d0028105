import ArgumentParser
import Postgres
import Projections

/// Building read tables from a log: P6 and P16 of DESIGN §10.
struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Rebuilds read tables from a log, beside a binary COPY whose rows are only counted.",
        discussion: """
            A rebuild is all that `daybook projections rebuild` does: it reads, folds, copies, indexes, catches up and \
            swaps. Once, at the end, SQL does the same by INSERT … SELECT … GROUP BY. docs/benchmarks.md says what \
            each case is.
            """)

    @OptionGroup var options: ReadingOptions

    func run() async throws {
        try await options.measure(DealTables.allCases) { ground, report in
            let rebuilds = DealTables.allCases.map { Rebuild.case($0, options, ground.url) }
            let counting = Counting.case(columns: 12, options.log, ground.url)
            try await options.run([counting] + rebuilds, on: ground, into: &report)
            try await options.once(Rebuild.grouped(options, ground), into: &report)
        }
    }

    private static func `case`(_ table: DealTables, _ options: ReadingOptions, _ url: String) -> Case {
        .whole(.rebuilt(table)) { [events = options.events] in
            let models = table.models(url)
            try await models.rebuild([table.rawValue])
            await models.close()
            return events
        }
    }

    /// The one table, as one statement makes it.
    private static func grouped(_ options: ReadingOptions, _ ground: Ground) -> Case {
        .whole(.grouped) { [events = options.events] in
            try await ground.administer(as: "postgres") { try $0.execute(SQL.groupDeals) }
            return events
        }
    }
}
