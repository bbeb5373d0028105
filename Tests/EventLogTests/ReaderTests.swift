import EventLog
import FoundationEssentials
import Kernel
import Postgres
import PostgresTesting
import Synchronization
import Testing

@Suite struct ReaderTests {
    @Test func `pages, streams and copies give the same events`() async throws {
        let world = try await World()
        let appender = world.appender()
        let (organization, other) = (id(), id())
        let streams = (0..<5).map { _ in id() }
        for turn in 0..<30 { _ = try await world.edit(organization, streams[turn % 5], by: appender) }
        var sealed = opening(organization, readAt: 30)
        sealed.drafts[0].private = [1, 2, 3]
        _ = try await appender.append(sealed)
        _ = try await appender.append(opening(other))
        await appender.close()

        var paged: [RecordedEvent] = []
        while case let page = try await world.reader.page(organization, after: paged.last?.position ?? 0, limit: 7),
            !page.isEmpty
        {
            paged += page
        }
        #expect(paged.map(\.position) == Array(1...31))
        #expect(paged.last?.private == [1, 2, 3])
        let loaded = try await world.reader.streams(organization, streams + [id()])
        #expect(loaded.head.position == 31)
        #expect(loaded.events.count == 6)
        #expect(loaded.events.values.flatMap(\.self).sorted { $0.position < $1.position } == Array(paged.dropLast()))
        #expect(try await world.reader.stream(organization, streams[0], after: 4).map(\.version) == [5, 6])
        #expect(try await world.reader.stream(organization, streams[0], after: 1, limit: 2).map(\.version) == [2, 3])

        let pool = BlockingPool(world.database.settings(role: "daybook_worker"), size: 1, log: quiet)
        let copied = Mutex<[RecordedEvent]>([])
        let reader = LogReader(world.connection, copies: pool)
        try await reader.copy(organization) { event in copied.withLock { $0.append(event) } }
        #expect(copied.withLock { $0 } == paged)
        copied.withLock { $0 = [] }
        try await reader.copy(organization, after: 10, through: 20) { event in copied.withLock { $0.append(event) } }
        #expect(copied.withLock { $0 } == Array(paged[10..<20]))
        await pool.close()
    }

    @Test func `heads are those of the logs, empty ones included where asked for`() async throws {
        let world = try await World()
        let appender = world.appender()
        let (one, other, none) = (id(), id(), id())
        for _ in 0..<3 { _ = try await appender.append(opening(one)) }
        let receipt = try await appender.append(opening(other))
        await appender.close()
        #expect(try await world.reader.head(none) == .empty)
        #expect(try await world.reader.heads([one, none]).mapValues(\.position) == [one: 3, none: 0])
        #expect(try await world.reader.heads().mapValues(\.position) == [one: 3, other: 1])
        #expect(
            try await world.reader.heads(beyond: [one: 3, other: 0, none: 0]).mapValues(\.leaf) == [other: receipt.leaf]
        )
        #expect(try await world.reader.organizations() == [one, other].sorted())
        #expect(try await world.reader.leafHash(one, at: 4) == nil)
        #expect(try await world.reader.leafHash(none, at: 0) == Array(repeating: 0, count: 32))
    }
}

@Suite(.timeLimit(.minutes(1))) struct TailTests {
    private func follow(_ tail: Tail, until enough: ([UUID: Position]) -> Bool) async -> [UUID: Position] {
        var seen: [UUID: Position] = [:]
        while !enough(seen), let hints = await tail.next() {
            for hint in hints {
                #expect(hint.head.position > seen[hint.organization, default: 0])
                seen[hint.organization] = hint.head.position
            }
        }
        return seen
    }

    @Test func `a process hears of its own commits at once`() async throws {
        let world = try await World()
        let appender = world.appender()
        let tail = Tail(world.reader, appender: appender, interval: .seconds(3600), log: quiet)
        let (one, other) = (id(), id())
        let last = try await appender.append(opening(one))
        _ = try await appender.append(opening(other))
        let seen = await follow(tail) { $0.count == 2 }
        #expect(seen == [one: 1, other: 1])
        #expect(last.last == 1)
        await tail.close()
        #expect(await tail.next() == nil)
        await appender.close()
    }

    @Test func `a process hears of another's commits by a notification`() async throws {
        let world = try await World()
        let appender = world.appender()
        let organization = id()
        let tail = Tail(
            world.reader, listen: world.database.settings(role: "daybook_worker"), interval: .seconds(3600), log: quiet)
        try await Task.sleep(for: .milliseconds(300))  // past the first sweep
        for _ in 0..<5 { _ = try await appender.append(opening(organization)) }
        let seen = await follow(tail) { $0[organization] == 5 }
        #expect(seen == [organization: 5])
        await tail.close()
        await appender.close()
    }

    @Test func `what no hint told of is found by looking`() async throws {
        let world = try await World()
        let appender = world.appender()
        let (known, new) = (id(), id())
        _ = try await appender.append(opening(known))
        let tail = Tail(world.reader, from: [known: 1], interval: .milliseconds(50), log: quiet)
        _ = try await appender.append(opening(new))
        var seen = await follow(tail) { $0[new] == 1 }
        #expect(seen == [new: 1])
        _ = try await appender.append(opening(known))
        seen = await follow(tail) { $0[known] == 2 }
        #expect(seen == [known: 2])
        await tail.close()
        await appender.close()
    }

    @Test func `who waits for news and is cancelled waits no longer`() async throws {
        let world = try await World()
        let tail = Tail(world.reader, interval: .seconds(3600), log: quiet)
        let waiting = Task { await tail.next() }
        try await Task.sleep(for: .milliseconds(20))
        waiting.cancel()
        #expect(await waiting.value == nil)
        await tail.close()
    }
}
