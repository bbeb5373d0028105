import Glibc

/// Where Postgres' programs are.
struct Programs: Sendable {
    /// Postgres' major version that Daybook needs at least.
    static let oldest = 15
    let folder: String
    let version: Int

    func callAsFunction(_ program: String) -> String { "\(folder)/\(program)" }

    /// The newest there is, or those of the version that made the data.
    static func find(version wanted: Int?) throws(ClusterError) -> Programs {
        if let wanted, wanted < oldest { throw .tooOld(version: wanted) }
        let debian = "/usr/lib/postgresql"
        let versions = Files.names(in: debian).compactMap { Int($0) }.sorted(by: >)
        for version in versions where version >= oldest && wanted ?? version == version {
            let folder = "\(debian)/\(version)/bin"
            if isComplete(folder) { return Programs(folder: folder, version: version) }
        }
        for folder in (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":").map(String.init) {
            guard isComplete(folder), let version = askVersion(folder), version >= oldest else { continue }
            if wanted ?? version == version { return Programs(folder: folder, version: version) }
        }
        throw .postgresMissing(version: wanted)
    }

    private static func isComplete(_ folder: String) -> Bool {
        ["initdb", "pg_ctl", "postgres"].allSatisfy { access("\(folder)/\($0)", X_OK) == 0 }
    }

    /// What `postgres --version` says: "postgres (PostgreSQL) 15.18 (Debian …)".
    private static func askVersion(_ folder: String) -> Int? {
        let output = "/tmp/daybook-version-\(getpid())"
        defer { unlink(output) }
        guard (try? Spawn.run(["\(folder)/postgres", "--version"], in: "/", output: output)) == 0 else { return nil }
        let words = Files.read(output)?.split(whereSeparator: { " .\n".contains($0) }) ?? []
        return words.firstIndex(of: "(PostgreSQL)").flatMap {
            words.indices.contains($0 + 1) ? Int(words[$0 + 1]) : nil
        }
    }
}
