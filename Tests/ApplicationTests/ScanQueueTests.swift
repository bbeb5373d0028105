import CRM
import Files
import Foundation
import Kernel
import PostgresTesting
import Synchronization
import Testing

@testable import Application

/// A file that cannot be scanned stands in nobody's way.
@Suite struct ScanQueueTests {
    private static let names = (0..<4).map { _ in FileName(UUID(), UUID()) }
    private static func name(_ number: Int) -> FileName { names[number] }
    private static func moment(_ seconds: Int64) -> Instant { Instant(microseconds: seconds * 1_000_000) }

    @Test func `what was put aside is tried again, ever more seldom, and behind all others`() {
        let (long, other) = (Self.name(1), Self.name(2))
        var queue = ScanQueue()
        queue.add([long, other, long])
        #expect(queue.counts == ScanCounts(waiting: 2))
        #expect(queue.next(at: Self.moment(0)) == long)
        queue.take(.hindered(.refused, ""), of: long, at: Self.moment(0))
        #expect(queue.next(at: Self.moment(0)) == other)
        queue.take(.settled, of: other, at: Self.moment(0))
        #expect(queue.counts == ScanCounts(refused: 1) && queue.known == [long])

        var (now, tries): (Int64, [Int64]) = (0, [])
        while now < 4 * 86_400 {
            queue.add([long])
            if queue.next(at: Self.moment(now)) == long {
                tries.append(now)
                queue.take(.hindered(.refused, ""), of: long, at: Self.moment(now))
            }
            now += 60
        }
        #expect(tries == [60, 660, 4260, 25_860, 112_260, 198_660, 285_060])
        queue.take(.settled, of: long, at: Self.moment(now))
        #expect(queue.counts == ScanCounts() && queue.next(at: Self.moment(now)) == nil)
    }

    @Test func `where nobody answers all wait, and what is gone is not asked for again`() {
        var queue = ScanQueue()
        queue.add([1, 2, 3].map(Self.name))
        #expect(queue.next(at: Self.moment(0)) == Self.name(1))
        queue.take(.interrupted(""), of: Self.name(1), at: Self.moment(0))
        #expect(queue.counts == ScanCounts() && queue.known.isEmpty)
        queue.add([1, 2, 3].map(Self.name))
        #expect(queue.next(at: Self.moment(15)) == Self.name(1))
        queue.take(.hindered(.unanswered, ""), of: Self.name(1), at: Self.moment(15))
        #expect(queue.counts == ScanCounts(unanswered: 1))
        queue.add([1, 2, 3].map(Self.name))
        #expect(queue.next(at: Self.moment(30)) == Self.name(2), "it is not the first one's turn again")
        queue.take(.gone, of: Self.name(2), at: Self.moment(30))
        queue.add([2].map(Self.name))
        #expect(queue.next(at: Self.moment(30)) == Self.name(3))
        queue.take(.settled, of: Self.name(3), at: Self.moment(30))
        #expect(queue.next(at: Self.moment(30)) == nil && Set(queue.known) == [Self.name(1), Self.name(2)])
    }

    /// It takes three bytes at most, as clamd does with its `StreamMaxLength`.
    private struct Scanner: VirusScanner {
        final class Scan: VirusScan {
            private let count = Mutex(0)
            func take(_ bytes: [UInt8]) async throws(ScanError) { count.withLock { $0 += bytes.count } }
            func finish() async throws(ScanError) -> Verdict {
                if count.withLock({ $0 }) > 3 { throw .refused("INSTREAM size limit exceeded. ERROR") }
                return .clean
            }
        }
        func begin() async throws(ScanError) -> any VirusScan { Scan() }
    }

    @Test func `one that the scanner refuses, and one whose bytes lack, do not keep others from being scanned`()
        async throws
    {
        let house = try await TestHouse()
        let store = FolderStore(FileManager.default.temporaryDirectory.appending(path: "files-\(UUID())").path)
        defer { try? FileManager.default.removeItem(atPath: store.folder) }
        let attachments = Attachments(
            commands: house.daybook.commands, options: Attachments.Options(store: store, scanner: Scanner()), log: quiet
        )
        let account = try await house.ask("account", .new, "create", ["name": "Pumps"]).results[0].id
        func add(_ bytes: [UInt8]) async throws -> FileName {
            let received = try await attachments.receive(bytes, in: house.organization)
            let members: [String: JSON] = [
                "filename": "a", "subject": ["entity": "account", "id": .string(account.text)],
            ]
            return FileName(
                house.organization,
                try await attachments.add(received, members, by: house.caller(.member)).results[0].id)
        }
        let (lost, long, well) = (try await add([1]), try await add([1, 2, 3, 4]), try await add([2]))
        try await store.remove(lost)
        attachments.pending.add([lost, long, well])
        let scanning = Task { await attachments.scan(house.daybook.worker) }
        defer { scanning.cancel() }
        func isClean() async -> Bool { (try? await attachments.content(well.id, by: house.owner)) != nil }
        for _ in 0..<500 where await !isClean() { try await Task.sleep(for: .milliseconds(20)) }
        #expect(await isClean())
        for _ in 0..<500 where attachments.scans?.waiting != 0 { try await Task.sleep(for: .milliseconds(20)) }
        #expect(attachments.scans == ScanCounts(refused: 1, unreadable: 1))
        await #expect(throws: Problem.self) { try await attachments.content(long.id, by: house.owner) }
    }
}
