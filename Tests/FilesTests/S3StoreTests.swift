import Files
import Foundation
import Kernel
import Synchronization
import Testing

/// Against a server of its own that looks at every signature (SeaweedFS; `tools/test` installs it).
@Suite(.serialized) struct S3StoreTests {
    private static let server = Task { try await S3Server() }
    private let clock: @Sendable () -> Instant = {
        Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }
    private let name = FileName(UUID(), UUID())

    private func store(
        prefix: String = "p/", secret: String = "SECRETKEY", bucket: String = "bucket", through wire: FaultyWire? = nil
    ) async throws -> S3Store {
        let server = try await Self.server.value.url
        let settings = S3Store.Settings(
            endpoint: wire?.url ?? server, region: "us-east-1", bucket: bucket, prefix: prefix, keyID: "AKID",
            secret: secret)
        return S3Store(settings, clock: clock)
    }
    private func all(_ store: S3Store) async throws -> [StoredFile] {
        let files = Mutex<[StoredFile]>([])
        try await store.list { page in files.withLock { $0 += page } }
        return files.withLock { $0 }
    }

    @Test(arguments: [0, 1, 5 << 20, (5 << 20) + 1, 13 << 20])
    func `a file of any length comes back as it was put, whole or in part`(count: Int) async throws {
        let store = try await store()
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let writer = try await store.begin(name, headLength: 3)
        for start in stride(from: 0, to: count, by: 1 << 20) {
            try await writer.write(Array(bytes[start..<min(start + 1 << 20, count)]))
        }
        await #expect(throws: StoreError.absent) { try await store.read(name, at: 0, count: 1) }
        try await writer.finish(head: [9, 8, 7])
        let whole = try await store.read(name, at: 0, count: count + 100)
        #expect(whole == [9, 8, 7] + bytes)
        #expect(try await store.read(name, at: 2, count: 1) == [7])
        if count > 5 << 20 {
            let at = (5 << 20) - 2
            #expect(try await store.read(name, at: Int64(at) + 3, count: 3) == Array(bytes[at..<at + 3]))
        }
        #expect(try await store.read(name, at: Int64(count) + 3, count: 5) == [])
        let listed = try await all(store).filter { $0.name == name }
        #expect(listed.map(\.size) == [Int64(count) + 3])
        try await store.remove(name)
        try await store.remove(name)
        await #expect(throws: StoreError.absent) { try await store.read(name, at: 0, count: 1) }
    }

    @Test func `a bucket is shared by what stands before the names`() async throws {
        let (one, other) = (try await store(prefix: "one/"), try await store(prefix: "other & more/"))
        for store in [one, other] { try await store.begin(name, headLength: 0).finish(head: [1]) }
        try await one.remove(name)
        #expect(try await all(one).isEmpty)
        #expect(try await all(other).map(\.name) == [name])
        try await other.remove(name)
    }

    @Test func `what was abandoned, or left by a crash, leaves nothing`() async throws {
        let store = try await store(prefix: "half/")
        func begin() async throws -> any FileWriter {
            let writer = try await store.begin(name, headLength: 3)
            try await writer.write([UInt8](repeating: 1, count: 11 << 20))
            return writer
        }
        await (try await begin()).abandon()
        let left = try await begin()
        try await store.sweep(before: Instant(microseconds: 0))
        try await left.write([1])
        try await store.sweep(before: Instant(microseconds: clock().microseconds + 60_000_000))
        await #expect(throws: StoreError.self) { try await left.finish(head: [1, 2, 3]) }
        #expect(try await all(store).isEmpty)
    }

    @Test func `a file is there although the answer that says so was lost, and its upload is known no more`()
        async throws
    {
        let wire = try FaultyWire(to: try await Self.server.value.url, [.answerLost, .uploadUnknown, .uploadUnknown])
        let store = try await store(prefix: "lost/", through: wire)
        let bytes = [UInt8](repeating: 5, count: 6 << 20)
        let writer = try await store.begin(name, headLength: 1)
        try await writer.write(bytes)
        try await writer.finish(head: [9])
        #expect(wire.faults == [.uploadUnknown])
        let whole = try await store.read(name, at: 0, count: bytes.count + 1)
        #expect(whole == [9] + bytes)
        try await store.remove(name)
    }

    @Test func `an upload that is unknown and whose file is not there has failed`() async throws {
        let wire = try FaultyWire(to: try await Self.server.value.url, [.uploadUnknown])
        let store = try await store(prefix: "unknown/", through: wire)
        let writer = try await store.begin(name, headLength: 1)
        try await writer.write([UInt8](repeating: 5, count: 6 << 20))
        await #expect(throws: StoreError.absent) { try await writer.finish(head: [9]) }
        await writer.abandon()
        #expect(try await all(store).isEmpty)
    }

    @Test func `what fails after it said that all is well is asked again, three times in all`() async throws {
        let wire = try FaultyWire(to: try await Self.server.value.url, [.failsLate, .failsLate])
        let store = try await store(prefix: "late/", through: wire)
        func put() async throws {
            let writer = try await store.begin(name, headLength: 1)
            try await writer.write([UInt8](repeating: 5, count: 6 << 20))
            do { try await writer.finish(head: [9]) } catch {
                await writer.abandon()
                throw error
            }
        }
        try await put()
        #expect(try await all(store).map(\.size) == [(6 << 20) + 1])
        try await store.remove(name)
        wire.fail([.failsLate, .failsLate, .failsLate])
        await #expect(throws: StoreError.unavailable("InternalError")) { try await put() }
        #expect(try await all(store).isEmpty)
    }

    @Test func `a wrong secret is refused by name, and not told`() async throws {
        let store = try await store(secret: "WRONG")
        do {
            try await store.begin(name, headLength: 0).finish(head: [1])
            Issue.record("it was taken")
        } catch {
            #expect(!"\(error)".contains("WRONG") && "\(error)".contains("SignatureDoesNotMatch"), "\(error)")
        }
    }
}

/// SeaweedFS in a folder of its own, with one key and one bucket.
private final class S3Server: Sendable {
    let url: String
    private let process: Process
    private let folder: String

    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    init() async throws {
        folder = "/tmp/daybook-s3-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let key = #"{"accessKey":"AKID","secretKey":"SECRETKEY"}"#
        let rights = #""actions":["Admin","Read","Write","List","Tagging"]"#
        let identities = #"{"identities":[{"name":"t","credentials":[\#(key)],\#(rights)}]}"#
        try identities.write(toFile: folder + "/s3.json", atomically: true, encoding: .utf8)
        let port = 20_000 + Int(ProcessInfo.processInfo.processIdentifier % 10_000)
        process = Process()
        process.executableURL = URL(fileURLWithPath: try Self.program())
        process.arguments = [
            "server", "-dir=\(folder)", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.port=\(port)",
            "-volume.port=\(port + 1)", "-filer", "-filer.port=\(port + 2)", "-s3", "-s3.port=\(port + 3)",
            "-s3.config=\(folder)/s3.json", "-volume.max=5", "-master.volumeSizeLimitMB=64",
            "-master.port.grpc=\(port + 10_000)", "-volume.port.grpc=\(port + 10_001)",
            "-filer.port.grpc=\(port + 10_002)", "-s3.port.grpc=\(port + 10_003)",
        ]
        _ = FileManager.default.createFile(atPath: folder + "/log", contents: nil)
        let log = FileHandle(forWritingAtPath: folder + "/log")
        (process.standardOutput, process.standardError) = (log, log)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        url = "http://127.0.0.1:\(port + 3)"
        Self.running.withLock { $0 = (process.processIdentifier, folder) }
        atexit {
            guard let (process, folder) = S3Server.running.withLock({ $0 }) else { return }
            kill(process, SIGKILL)
            try? FileManager.default.removeItem(atPath: folder)
        }
        try await makeBucket()
    }

    private static let running = Mutex<(pid_t, String)?>(nil)

    /// What `tools/test` names, or where it puts it.
    private static func program() throws -> String {
        let environment = ProcessInfo.processInfo.environment
        let base = [environment["XDG_CACHE_HOME"], environment["HOME"].map { $0 + "/.cache" }].compactMap { $0 }
        let places =
            [environment["DAYBOOK_WEED"]].compactMap { $0 }
            + (base.map { $0 + "/daybook/build" } + ["/var/tmp/daybook-build"]).map { $0 + "/s3-server/bin/weed" }
        guard let found = places.first(where: FileManager.default.isExecutableFile) else {
            throw Missing(description: "No server that speaks S3 is in \(places): tools/test installs one.")
        }
        return found
    }

    /// Until it takes a bucket, half a minute at most.
    private func makeBucket() async throws {
        let settings = S3Store.Settings(
            endpoint: url, region: "us-east-1", bucket: "bucket", keyID: "AKID", secret: "SECRETKEY")
        let store = S3Store(settings) { Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) }
        for _ in 0..<300 {
            if (try? await store.makeBucket()) != nil { return }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        let log = (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? ""
        throw Missing(description: "The server that speaks S3 does not serve: \(log.suffix(1000))")
    }
}
