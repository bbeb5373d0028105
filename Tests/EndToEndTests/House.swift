import Foundation
import PostgresTesting

@testable import Files

/// A data folder with a short path, and the servers that a test starts on it.
final class House: Sendable {
    let folder: String

    init() throws {
        let name = "daybook-e2e-\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString.prefix(4))"
        folder = "\(Place.quick)/\(name)"
        let passable: [FileAttributeKey: any Sendable] = [.posixPermissions: 0o711]
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: passable)
    }

    /// Starts a server on any free port, and waits until it serves.
    func serve(_ arguments: [String] = []) async throws -> (server: Running, client: Client) {
        let server = try Running(["start", "--data", folder, "--port", "0"] + arguments)
        let url = try await server.ready()
        return (server, Client(url: url, token: try owner["token"] ?? ""))
    }

    /// Runs a verb on these data.
    func run(_ verb: [String], environment: [String: String] = [:]) async throws -> Program.Outcome {
        try await Program.run(verb + ["--data", folder], environment: environment)
    }

    /// What `owner.json` says.
    var owner: [String: String] {
        get throws {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/owner.json"))
            return try JSONDecoder().decode([String: String].self, from: bytes)
        }
    }

    /// The number of Postgres' process, where it runs.
    var postgres: Int32? {
        let file = try? String(contentsOfFile: folder + "/postgres/cluster/postmaster.pid", encoding: .utf8)
        let number = file?.split(separator: "\n").first.flatMap { Int32($0) }
        return number.flatMap { kill($0, 0) == 0 ? $0 : nil }
    }

    /// Ends a server well; the rest is done when the last reference goes, also where a test failed.
    func leave(_ server: Running? = nil) async {
        guard let server, server.process.isRunning else { return }
        server.signal(SIGTERM)
        _ = await server.ended()
    }

    deinit {
        for _ in 0..<100 {
            guard let postgres else { break }
            kill(postgres, SIGQUIT)
            usleep(50_000)
        }
        try? FileManager.default.removeItem(atPath: folder)
    }
}

/// Speaks HTTP to a server, by libcurl. `URLSession` does as well, and keeps a core busy while it waits for an answer.
struct Client: Sendable {
    private static let exchange = HTTPExchange(patience: 300)
    let url: String
    var token: String

    struct Answer: Sendable {
        let status: Int
        let body: Data
        let headers: [String: String]
        var object: [String: any Sendable] {
            (try? JSONSerialization.jsonObject(with: body)) as? [String: any Sendable] ?? [:]
        }
        var rows: [[String: any Sendable]] { object["rows"] as? [[String: any Sendable]] ?? [] }
        var id: String { object["id"] as? String ?? "" }
    }

    func get(_ path: String, headers: [String: String] = [:]) async throws -> Answer {
        try await send("GET", path, nil, headers)
    }
    /// The answer once the read tables show what another answer told of; 503 where they do not within three minutes.
    func get(_ path: String, after told: Answer) async throws -> Answer {
        let deadline = ContinuousClock.now + .seconds(180)
        while true {
            let answer = try await get(path, headers: ["Daybook-Min-Position": told.headers["daybook-position"] ?? ""])
            if answer.status != 503 || ContinuousClock.now > deadline { return answer }
        }
    }
    func post(_ path: String, _ body: [String: Any], headers: [String: String] = [:]) async throws -> Answer {
        try await send("POST", path, JSONSerialization.data(withJSONObject: body), headers)
    }

    /// Sends a file by itself.
    func upload(_ path: String, _ bytes: Data, type: String = "application/octet-stream") async throws -> Answer {
        try await send("POST", path, bytes, ["Content-Type": type])
    }
    func delete(_ path: String) async throws -> Answer { try await send("DELETE", path, nil, [:]) }
    func put(_ path: String, _ body: [String: Any]) async throws -> Answer {
        try await send("PUT", path, JSONSerialization.data(withJSONObject: body), [:])
    }
    func patch(_ path: String, _ body: [String: Any], headers: [String: String] = [:]) async throws -> Answer {
        try await send("PATCH", path, JSONSerialization.data(withJSONObject: body), headers)
    }

    private func send(_ method: String, _ path: String, _ body: Data?, _ headers: [String: String]) async throws
        -> Answer
    {
        let address = url + path
        let always = ["Content-Type": "application/json", "Authorization": "Bearer \(token)"]
        let lines = always.merging(headers) { $1 }.map { "\($0.key): \($0.value)" }
        let answer = try await Aside.run { () throws(StoreError) in
            try Self.exchange.send(method, address, lines, body.map { Array($0) }, limit: 1 << 30)
        }
        return Answer(status: answer.status, body: Data(answer.body), headers: answer.headers)
    }
}
