import ArgumentParser
import EventLog
import Foundation
import Kernel
import Postgres

/// Reading a log from its beginning: P5 of DESIGN §10.
struct Catchup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads a log from its beginning, beside a binary COPY whose rows are only counted.",
        discussion: "docs/benchmarks.md says what each case is.")

    @OptionGroup var options: ReadingOptions

    func run() async throws {
        try await options.measure([]) { ground, report in
            let cases = [Counting.case(columns: 15, options.log, ground.url)] + Catchup.cases(options.log, ground.url)
            try await options.run(cases, on: ground, into: &report)
        }
    }

    /// By the reader that followers and audits have.
    private static func cases(_ log: DealLog, _ url: String) -> [Case] {
        let settings = ConnectionSettings(url: url, role: "daybook_worker")
        let reader = LogReader(
            PipelinedConnection(settings, name: "bench-read", log: quiet),
            copies: BlockingPool(settings, size: 1, name: "bench-copy", log: quiet))
        let organization = log.organization
        return [
            .whole(.streamed) {
                let events = Counter()
                try await reader.copy(organization) { _ in events.next() }
                return events.value
            },
            .whole(.pages) { try await pages(of: 10_000, organization, reader) },
            .whole(.smallPages) { try await pages(of: 1_000, organization, reader) },
        ]
    }

    private static func pages(of limit: Int, _ organization: UUID, _ reader: LogReader) async throws -> Int {
        var last: Position = 0
        while let event = try await reader.page(organization, after: last, limit: limit).last { last = event.position }
        return Int(last)
    }
}

/// The baseline of all reading: a COPY in binary format, of which a client of the same library counts the rows.
enum Counting {
    static func `case`(columns: Int, _ log: DealLog, _ url: String) -> Case {
        // As the connection has it that is compared: a reader's may read in parallel, a rebuild's does not.
        let settings = ConnectionSettings(
            url: url, role: "daybook_worker",
            settings: columns == 15 ? [:] : ["max_parallel_workers_per_gather": "0"])
        let pool = BlockingPool(settings, size: 1, name: "bench-count", log: quiet)
        let sql = (columns == 15 ? SQL.countAll : SQL.countFolded)
            .replacing("{organization}", with: log.organization.text)
        return .whole(.copied(columns: columns)) {
            try await pool.run { connection in
                var rows = 0
                try connection.copyOut(sql) { _ in rows += 1 }
                return rows
            }
        }
    }
}
