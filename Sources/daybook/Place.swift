import ArgumentParser
import Foundation

/// Where the data lie.
struct Place: ParsableArguments {
    @Option(help: "The data folder. [environment: DAYBOOK_DATA]")
    var data: String?

    @Option(help: "A libpq URL of a Postgres to use instead of a private one. [environment: DAYBOOK_DATABASE_URL]")
    var databaseUrl: String?

    @Option(help: "A YAML file whose keys are the flags' names. [default: daybook.yaml in the data folder]")
    var config: String?

    /// The data folder as an absolute path.
    var folder: String {
        let environment = ProcessInfo.processInfo.environment
        let named = data ?? environment["DAYBOOK_DATA"].flatMap { $0.isEmpty ? nil : $0 }
        return URL(fileURLWithPath: named ?? Self.usual(environment)).standardizedFileURL.path
    }

    /// Postgres does not run as root, and its own user may not enter root's home: so root's data lie elsewhere.
    private static func usual(_ environment: [String: String]) -> String {
        if geteuid() == 0 { return "/var/lib/daybook" }
        return (environment["XDG_DATA_HOME"] ?? (environment["HOME"] ?? "/var/tmp") + "/.local/share") + "/daybook"
    }

    /// Where the URL, the e-mail, the password and a token of the first owner are kept.
    var ownerFile: String { folder + "/owner.json" }

    func settings() throws -> Settings { try Settings(file: config, folder: folder) }

    /// The database that is named, or nil for the private cluster.
    func foreignDatabase() throws -> String? {
        let value = try databaseUrl ?? settings().text("database-url")
        return value?.isEmpty == true ? nil : value
    }

    /// Makes the folder where there is none. Others may pass through, since Postgres' user must; they cannot list it.
    func make() throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
        } catch {
            throw Exit(.lacking, "The data folder \(folder) cannot be made: \(error.localizedDescription)")
        }
    }
}
