import ArgumentParser
import Kernel
import Postgres
import Projections

/// Following a log that grows: P7 and P11 of DESIGN §10.
struct Following: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Follows a log that grows, beside one statement for each event.",
        discussion: """
            Tables that hold the log are brought to a head that went on while nobody followed; each pass lets it go on \
            anew. Then units are appended at 500 a second, and it is measured when a read table shows them. \
            docs/benchmarks.md says what each case is.
            """)

    @OptionGroup var options: ReadingOptions

    @Option(help: "By how many events the log grows for each pass.")
    var growth = 100_000

    @Option(help: "For how many seconds units are appended at 500 a second.")
    var seconds = 5.0

    func run() async throws {
        try await options.measure(Following.tables) { ground, report in
            let grown = Growth(options, growth, ground)
            for table in Following.tables {
                let models = table.models(ground.url)
                try await models.rebuild([table.rawValue])
                await models.close()
            }
            try await ground.administer(as: "postgres") { try $0.execute(SQL.rowTable) }
            let cases = Following.tables.map { Following.follow($0, grown) } + [Following.rowByRow(grown)]
            try await options.run(cases, on: ground, into: &report) { try await grown.next() }
            try await options.once(.visible(in: options.folder, for: .seconds(seconds)), into: &report)
        }
    }

    private static let tables: [DealTables] = [.alone, .three]

    /// The time that a projector needs, from its start on.
    private static func follow(_ table: DealTables, _ grown: Growth) -> Case {
        .whole(.followed(table)) {
            let (log, head) = (grown.options.log.organization, grown.range.upperBound)
            try await Projector.running(on: grown.ground, feeding: [table]) { projector in
                try await projector.reach(head, of: log, in: table)
            }
            return grown.range.count
        }
    }

    private static func rowByRow(_ grown: Growth) -> Case {
        .whole(.rowByRow) {
            let (from, some) = (grown.range.lowerBound, min(grown.range.count, 20_000))
            let rows = RowByRow(organization: grown.options.log.organization)
            return try await grown.ground.administer(as: "postgres") { connection in
                try connection.execute("SET synchronous_commit = off")
                return try rows.follow(after: from, limit: some, connection)
            }
        }
    }
}
