import Foundation

/// A server that a verb starts for itself where none answers, and stops when it is done.
struct ImportServer {
    private let process = Process()
    private let talk: URL

    /// Starts a server over the folder's data on any free port, and waits until it serves.
    /// - Throws: what the server said, where it does not come up.
    init(_ place: Place) async throws {
        let folder = FileManager.default.temporaryDirectory
        talk = folder.appending(path: "daybook-import-\(ProcessInfo.processInfo.processIdentifier).log")
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        guard FileManager.default.createFile(atPath: talk.path, contents: nil, attributes: attributes),
            let output = FileHandle(forWritingAtPath: talk.path)
        else {
            throw Exit(.lacking, "The folder \(folder.path) cannot be written to.")
        }
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["start", "--empty", "--port", "0", "--data", place.folder]
        if let database = place.databaseUrl { process.arguments? += ["--database-url", database] }
        if let config = place.config { process.arguments? += ["--config", config] }
        // Postgres would keep a pipe open when the server is gone; a file does not mind.
        process.standardOutput = output
        process.standardError = output
        try process.run()
        while !said().contains("\nready ") {
            guard process.isRunning else {
                let words = said().split(separator: "\n").last.map(String.init) ?? "It said nothing."
                throw Exit(.lacking, "No server answers, and one could not be started: \(words)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Asks the server that is known, or one that is started for that and stopped then.
    static func asked(
        _ place: Place, url: String?, organization: String?, _ body: (Client) async throws -> Void
    ) async throws {
        if let client = try await Client.known(place, url: url, organization: organization) {
            return try await body(client)
        }
        say("No server answers; starting one.")
        let server = try await ImportServer(place)
        try await leaving(by: server.stop) {
            guard let client = try await Client.known(place, url: nil, organization: organization) else {
                throw Exit(.failed, "The server that was started does not answer.")
            }
            try await body(client)
        }
    }

    /// Stops it as a person would.
    func stop() async {
        process.terminate()
        while process.isRunning { try? await Task.sleep(for: .milliseconds(50)) }
        try? FileManager.default.removeItem(at: talk)
    }

    private func said() -> String { "\n" + ((try? String(contentsOf: talk, encoding: .utf8)) ?? "") }
}
