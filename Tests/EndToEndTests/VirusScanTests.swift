import Foundation
import Testing

/// With a real clamd and one signature of our own.
@Suite(.serialized) struct VirusScanTests {
    @Test(.timeLimit(.minutes(4)))
    func `a file is handed out when a scanner found nothing in it, and what cannot be scanned yet waits`() async throws
    {
        let house = try House()
        let clamd = try Clamd(in: house.folder + "/clamav")
        try "virus-scanner: \(clamd.socket)\n"
            .write(toFile: house.folder + "/daybook.yaml", atomically: true, encoding: .utf8)
        let (server, client) = try await house.serve(["--empty"])
        let account = try await client.post("/api/v1/accounts", ["name": "Pumps"]).id
        func upload(_ text: String) async throws -> String {
            let path = "/api/v1/attachments?filename=a.txt&subject=account:\(account)"
            let sent = try await client.upload(path, Data(text.utf8))
            #expect(sent.status == 201, "\(String(decoding: sent.body, as: UTF8.self))")
            return sent.id
        }
        func content(_ id: String, _ query: String = "") async throws -> Client.Answer {
            try await client.get("/api/v1/attachments/\(id)/content\(query)")
        }
        /// Waits until the scanner has said something of it.
        func settled(_ id: String) async throws -> Client.Answer {
            for _ in 0..<600 {
                let answer = try await content(id)
                if answer.object["code"] as? String != "attachment.not_scanned" { return answer }
                try await Task.sleep(for: .milliseconds(50))
            }
            return try await content(id)
        }
        let waiting = try await upload("Nobody scans yet.")
        let early = try await content(waiting)
        #expect(early.status == 409 && early.object["code"] as? String == "attachment.not_scanned")
        try await clamd.start()
        let late = try await settled(waiting)
        #expect(String(decoding: late.body, as: UTF8.self) == "Nobody scans yet.")
        let clean = try await settled(try await upload("All is well."))
        #expect(clean.status == 200)

        let infected = try await upload("xx DAYBOOK-TEST-VIRUS yy")
        let refused = try await settled(infected)
        #expect(refused.status == 403 && refused.object["code"] as? String == "attachment.quarantined")
        let looked = try await content(infected, "?quarantined=true")
        #expect(looked.status == 200 && looked.body.count == 24, "an owner may look")
        var record = try await client.get("/api/v1/attachments/\(infected)").object
        for _ in 0..<1200 where record["scan"] as? String == "pending" {
            try await Task.sleep(for: .milliseconds(50))
            record = try await client.get("/api/v1/attachments/\(infected)").object
        }
        #expect(record["scan"] as? String == "infected")
        #expect((record["finding"] as? String)?.contains("Daybook-Test-Virus") == true)
        clamd.stop()
        await house.leave(server)
    }
}

/// ClamAV's server with a database of one line.
private final class Clamd: Sendable {
    let socket: String
    private let folder: String
    private let process = Process()

    init(in folder: String) throws {
        self.folder = folder
        socket = folder + "/clamd.sock"
        try FileManager.default.createDirectory(atPath: folder + "/db", withIntermediateDirectories: true)
        let mark = Data("DAYBOOK-TEST-VIRUS".utf8).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        try "Daybook-Test-Virus:0:*:\(mark.joined())\n"
            .write(toFile: folder + "/db/test.ndb", atomically: true, encoding: .utf8)
        let settings = [
            "LocalSocket \(socket)", "DatabaseDirectory \(folder)/db", "Foreground yes", "PidFile \(folder)/pid",
        ]
        try (settings.joined(separator: "\n") + "\n")
            .write(toFile: folder + "/clamd.conf", atomically: true, encoding: .utf8)
    }

    /// Returns when it listens.
    func start() async throws {
        process.executableURL = URL(fileURLWithPath: "/usr/sbin/clamd")
        process.arguments = ["-c", folder + "/clamd.conf"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        for _ in 0..<1200 where !FileManager.default.fileExists(atPath: socket) {
            try await Task.sleep(for: .milliseconds(50))
        }
        try #require(FileManager.default.fileExists(atPath: socket), "clamd does not listen")
    }

    func stop() { if process.isRunning { process.terminate() } }
    deinit { stop() }
}
