import Kernel
public import Logging
public import Postgres

/// Runs the tests that stand beside projections (`NAME.test.yaml`) through the very code that feeds tables: each test's
/// events are put into logs of their own and applied in batches of one and in one batch, each of them also delivered
/// twice, and then the tables are built anew from the logs. Every time the rows must be those that the test expects.
public final class ProjectionTests: Sendable {
    private let settings: ConnectionSettings
    private let catalogue: EventCatalogue?
    private let log: Logger

    /// `settings`: of a migrated database that nobody else uses, since projections are deployed to it.
    public init(_ settings: ConnectionSettings, catalogue: EventCatalogue? = nil, log: Logger) {
        self.settings = settings
        self.catalogue = catalogue
        self.log = log
    }

    /// Runs all tests among the files; definitions stand among them too.
    /// - Throws: `Problems` where a file is not understood.
    public func run(_ files: [ProjectionFile]) async throws -> TestReport {
        let (definitions, tests) = try read(files)
        if tests.isEmpty { return TestReport(tests: 0, projections: [], differences: []) }
        let tested = definitions.filter { one in tests.contains { $0.projection == one.name } }
        let models = ReadModels(settings, log: log)
        let pool = BlockingPool(settings.with(role: "daybook_worker"), size: 1, name: "projection tests", log: log)
        do {
            try await models.deploy(tested.map { ProjectionFile(name: $0.file, text: $0.text) })
            let folded = try await pool.run { connection in
                let records = try Record.all(connection)
                return try tests.flatMap { file in
                    try tested.filter { $0.name == file.projection }.flatMap { definition in
                        let generation = records.first { $0.name == definition.name }?.generation ?? 1
                        return try file.tests.map {
                            try TestRun(file.file, $0, definition, generation).folded(connection)
                        }
                    }
                }
            }
            try await models.rebuild(tested.map(\.name))
            let runs = try await pool.run { connection in try folded.map { try $0.rebuilt(connection) } }
            await pool.close()
            await models.close()
            return TestReport(
                tests: runs.count, projections: tested.map(\.name), differences: runs.flatMap(\.differences))
        } catch {
            await pool.close()
            await models.close()
            throw error
        }
    }

    private func read(_ files: [ProjectionFile]) throws(Problems) -> ([Definition], [TestFile]) {
        let definitions = try FileSet(files.filter { !$0.name.hasSuffix(".sql") }, catalogue: catalogue).definitions
        var tests: [TestFile] = []
        var problems: [Problem] = []
        for file in files where file.name.hasSuffix(".test.yaml") {
            do throws(Problems) { tests.append(try TestReader.read(file, definitions, catalogue)) } catch {
                problems += error.problems
            }
        }
        if !problems.isEmpty { throw Problems(problems: problems) }
        return (definitions, tests)
    }
}
