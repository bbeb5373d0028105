import Application
import Foundation
import FoundationNetworking
import Kernel
import Synchronization

/// Speaks with a server over HTTP. What it asks is safe to repeat, and is repeated for a while where nobody answers.
struct Client: Sendable {
    let url: String
    let token: String
    /// Seconds for which a request that met no server is tried again.
    var patience = 15.0
    /// What the log held when the last command was answered.
    let reached = Reached()

    /// How far a log is, as its server says.
    final class Reached: Sendable {
        private let position = Mutex<String?>(nil)
        var last: String? { position.withLock { $0 } }
        func take(_ response: URLResponse) {
            let said = (response as? HTTPURLResponse)?.value(forHTTPHeaderField: "Daybook-Position")
            if let said { position.withLock { $0 = said } }
        }
    }

    private static let session: URLSession = {
        let settings = URLSessionConfiguration.ephemeral
        settings.timeoutIntervalForRequest = 120
        return URLSession(configuration: settings)
    }()

    /// Whether a server answers there just now.
    static func answers(_ url: String) async -> Bool {
        guard let address = URL(string: url + "/health") else { return false }
        var request = URLRequest(url: address)
        request.timeoutInterval = 2
        return (try? await session.data(for: request)) != nil
    }

    /// Posts a body below `/api/v1`.
    /// - Throws: `Problem` where the server refuses, `Exit` where none answers.
    func post(_ path: String, _ body: JSON) async throws -> JSON { try await ask("POST", path, body) }

    /// Changes a record below `/api/v1`.
    func patch(_ path: String, _ body: JSON) async throws -> JSON { try await ask("PATCH", path, body) }

    /// Gets a document below `/api/v1`.
    /// - Parameter position: what it must show at least.
    func get(_ path: String, showing position: Int64? = nil) async throws -> JSON {
        try await ask("GET", path, nil, position.map { ["Daybook-Min-Position": String($0)] } ?? [:])
    }

    /// Gets a document that shows all that was told by this client.
    func current(_ path: String) async throws -> JSON {
        try await ask("GET", path, nil, reached.last.map { ["Daybook-Min-Position": $0] } ?? [:])
    }

    /// Gets what a path below `/api/v1` answers, as it is, into a file of its own that its owner alone reads, whatever
    /// its size.
    func saved(_ path: String) async throws -> URL {
        guard let address = URL(string: "\(url)/api/v1\(path)") else {
            throw Exit(.lacking, "\(url) is no web address.")
        }
        var request = URLRequest(url: address)
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        let usual = umask(0o077)
        defer { umask(usual) }
        let (file, response) = try await Self.session.download(for: request)
        let status = (response as? HTTPURLResponse)?.statusCode ?? 0
        if !(200..<300).contains(status) {
            defer { try? FileManager.default.removeItem(at: file) }
            _ = try read(try Data(contentsOf: file), status)
        }
        return file
    }

    /// Posts the bytes of a file below `/api/v1`, which are read as they are sent.
    /// - Parameter key: makes a repeat harmless.
    func upload(_ path: String, _ file: String, _ mediaType: String, key: String) async throws -> JSON {
        guard let address = URL(string: "\(url)/api/v1\(path)") else {
            throw Exit(.lacking, "\(url) is no web address.")
        }
        var request = URLRequest(url: address)
        request.httpMethod = "POST"
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        request.setValue(mediaType, forHTTPHeaderField: "Content-Type")
        request.setValue(key, forHTTPHeaderField: "Idempotency-Key")
        return try await repeating { [request] in
            try await Self.session.upload(for: request, fromFile: URL(fileURLWithPath: file))
        }
    }

    private func ask(
        _ method: String, _ path: String, _ body: JSON?, _ headers: [String: String] = [:]
    ) async throws -> JSON {
        guard let address = URL(string: "\(url)/api/v1\(path)") else {
            throw Exit(.lacking, "\(url) is no web address.")
        }
        var request = URLRequest(url: address)
        request.httpMethod = method
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        if let body {
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            request.httpBody = Data(body.bytes)
        }
        return try await repeating { [request] in try await Self.session.data(for: request) }
    }

    /// Sends what is safe to repeat until it is answered, for a while.
    private func repeating(_ send: () async throws -> (Data, URLResponse)) async throws -> JSON {
        let end = ContinuousClock.now + .seconds(patience)
        var pause = 0.2
        while true {
            do {
                let (data, response) = try await send()
                reached.take(response)
                return try read(data, (response as? HTTPURLResponse)?.statusCode ?? 0)
            } catch let problem as Problem {
                let isPassing = [429, 502, 503, 504].contains(problem.status) || problem.code == "stream.conflict"
                guard isPassing, ContinuousClock.now < end else { throw problem }
            } catch let error as URLError {
                guard ContinuousClock.now < end else {
                    throw Exit(.lacking, "No server answers at \(url) (\(error.localizedDescription)).")
                }
            }
            try await Task.sleep(for: .seconds(pause))
            pause = min(pause * 2, 2)
        }
    }

    private func read(_ data: Data, _ status: Int) throws -> JSON {
        let json = data.isEmpty ? JSON.null : (try? JSON(parsing: Array(data))) ?? .null
        guard !(200..<300).contains(status) else { return json }
        let detail = json["detail"]?.string ?? "The server answered \(status)."
        let flaws = (json["errors"]?.array ?? []).map {
            Flaw($0["pointer"]?.string ?? "", $0["code"]?.string ?? "", $0["detail"]?.string ?? "")
        }
        throw Problem(json["code"]?.string ?? "http.\(status)", status, detail, errors: flaws)
    }
}

extension Client {
    /// How an import's files reach the server.
    var carrier: FileCarrier {
        FileCarrier(
            get: { try await current($0) },
            post: { path, file, type, key in try await upload(path, file, type, key: key) },
            change: { path, body in _ = try await patch(path, body) })
    }

    /// The server that the environment or the data folder names; nil where the folder's does not answer.
    static func known(_ place: Place, url: String?, organization: String?) async throws -> Client? {
        let environment = ProcessInfo.processInfo.environment
        let owner = try Credentials.read(place.ownerFile)
        let named = url ?? environment["DAYBOOK_URL"].flatMap { $0.isEmpty ? nil : $0 }
        guard let address = named ?? owner?.url else { return nil }
        guard await answers(address) else {
            guard named == nil else { throw Exit(.lacking, "No server answers at \(address).") }
            return nil
        }
        let token = environment["DAYBOOK_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
        guard let token = token ?? owner?.token else {
            throw Exit(.lacking, "No token is known: set DAYBOOK_TOKEN, or name the data folder with --data.")
        }
        let client = Client(url: address, token: token)
        return try await client.into(organization, as: owner)
    }

    /// The same for another organization, into which the owner of the folder logs in.
    private func into(_ organization: String?, as owner: Credentials?) async throws -> Client {
        guard let organization else { return self }
        let mine = try? await get("/me")["organization"]
        if mine?.string == organization || mine?["id"]?.string == organization { return self }
        guard let owner else {
            throw Exit(.failed, "The token is not of organization \(organization); set DAYBOOK_TOKEN to one that is.")
        }
        let body: JSON = [
            "email": .string(owner.email), "password": .string(owner.password), "organization": .string(organization),
        ]
        guard let token = try await post("/auth/login", body)["token"]?.string else {
            throw Exit(.failed, "Organization \(organization) does not let \(owner.email) in.")
        }
        return Client(url: url, token: token)
    }
}
