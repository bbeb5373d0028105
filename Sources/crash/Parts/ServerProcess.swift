import Foundation
import FoundationNetworking
import Kernel
import Synchronization
import Vault

/// A real server, `daybook serve`, to which a client speaks HTTP.
final class ServerProcess: Hand {
    private let process: Process
    private let url: String
    private let session: URLSession
    private let killed = Mutex(false)

    private static let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "daybook")

    /// Throws unless the program is there.
    static func check() throws {
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            throw Lacking("the program daybook is not beside crash: build it too, as tools/crash does")
        }
    }

    /// Starts it over a database, and returns when it serves.
    init(database: String, folder: String) async throws {
        let tells = Pipe()
        process = Process()
        process.executableURL = Self.program
        process.arguments = ["serve", "--database-url", database, "--data", folder, "--port", "0", "--empty"]
        let own = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("DAYBOOK_") }
        process.environment = own.merging(["DAYBOOK_MASTER_KEY": Ground.master.text]) { $1 }
        (process.standardInput, process.standardOutput) = (FileHandle.nullDevice, tells)
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = tells.fileHandleForReading
        var found: String?
        for await line in Lines(output.fileDescriptor, keeping: output).stream where line.hasPrefix("ready ") {
            found = String(line.dropFirst("ready ".count))
            break
        }
        guard let found else { throw Lacking("a server does not start") }
        url = found
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 15
        session = URLSession(configuration: configuration)
    }

    deinit { kill() }

    var isGone: Bool { killed.withLock { $0 } || !process.isRunning }

    /// Its members stand in the one unit of an atomic batch.
    func ask(_ errand: Errand) async -> Reply {
        let commands = errand.orders.map { order -> JSON in
            var members: [String: JSON] = [
                "entity": .string(order.entity), "command": .string(order.act), "body": order.body,
            ]
            if let id = order.id { members["id"] = .string(id.text) }
            return .object(members)
        }
        let body: JSON = ["atomic": .bool(true), "commands": .array(commands)]
        guard
            let answer = await send(
                "POST", "/api/v1/commands", errand.household, ["Idempotency-Key": errand.key], body)
        else { return .unknown("no answer") }
        guard answer.status == 200, let place = answer.position?.split(separator: "-"), place.count == 2,
            let position = Int64(place[0])
        else { return .problem(status: answer.status, code: answer.body["code"]?.string ?? "") }
        let items = (answer.body["results"]?.array ?? []).compactMap { item -> Reply.Done.Item? in
            guard let id = item["id"]?.id, let version = item["version"]?.integer else { return nil }
            return Reply.Done.Item(id: id, version: version)
        }
        return .done(Reply.Done(position: position, hash: String(place[1]), items: items))
    }

    /// How a question is answered that wants to see at least a position; "200", or the problem's code.
    func look(_ household: Household, atLeast position: String) async -> String {
        let path = "/api/v1/organization"
        guard let answer = await send("GET", path, household, ["Daybook-Min-Position": position], nil) else {
            return "no answer"
        }
        return answer.status == 200 ? "200" : answer.body["code"]?.string ?? "\(answer.status)"
    }

    private func send(
        _ method: String, _ path: String, _ household: Household, _ headers: [String: String], _ body: JSON?
    ) async -> (status: Int, position: String?, body: JSON)? {
        guard !isGone, let address = URL(string: url + path) else { return nil }
        var request = URLRequest(url: address)
        request.httpMethod = method
        request.httpBody = body.map { Data($0.bytes) }
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.setValue("Bearer \(household.token)", forHTTPHeaderField: "Authorization")
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        guard let (data, response) = try? await session.data(for: request),
            let response = response as? HTTPURLResponse
        else { return nil }
        let position = response.value(forHTTPHeaderField: "Daybook-Position")
        return (response.statusCode, position, (try? JSON(parsing: data)) ?? .null)
    }

    /// Its clock is the machine's.
    func setClock(_: Int64) {}

    func kill() {
        killed.withLock { $0 = true }
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
    }

    func leave() async {
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGTERM) }
        for _ in 0..<300 where process.isRunning { try? await Task.sleep(for: .milliseconds(10)) }
        kill()
        session.invalidateAndCancel()
    }
}
