import EventLog
import FoundationEssentials
import Kernel
import Postgres
import Testing

@Suite struct ExpectationTests {
    @Test func `a stream that was written meanwhile is told, and nothing is appended`() async throws {
        let world = try await World()
        let appender = world.appender()
        let (organization, stream) = (id(), id())
        _ = try await appender.append(opening(organization, stream))
        let late = await failure { _ = try await appender.append(opening(organization, stream)) }
        guard case .moved([stream]) = late else {
            Issue.record("answered \(String(describing: late))")
            return
        }
        await appender.close()
        try await world.expectWhole(organization, events: 1)
    }

    @Test(arguments: [false, true])
    func `a stream that was only read must not have moved`(isCold: Bool) async throws {
        let world = try await World()
        let (organization, pipeline, deal) = (id(), id(), id())
        var appender = world.appender()
        _ = try await appender.append(opening(organization, pipeline))
        _ = try await appender.append(
            EventLog.Unit(
                organization: organization, drafts: [draft(pipeline, 2)], expected: [pipeline: 1], readAt: 1))
        if isCold {
            // Another process, which remembers nothing of what happened after position 1.
            await appender.close()
            appender = world.appender()
        }
        var unit = opening(organization, deal, readAt: 1)
        unit.expected[pipeline] = 1
        let (stale, warm) = (unit, appender)
        let error = await failure { _ = try await warm.append(stale) }
        guard case .moved([pipeline]) = error else {
            Issue.record("answered \(String(describing: error))")
            return
        }
        unit.expected[pipeline] = 2
        unit.readAt = 2
        _ = try await appender.append(unit)
        await appender.close()
        try await world.expectWhole(organization, events: 3)
    }

    @Test func `a unit read long ago still stands while its streams do`() async throws {
        let world = try await World()
        let appender = world.appender()
        let (organization, stream) = (id(), id())
        _ = try await appender.append(opening(organization, stream))
        for _ in 0..<20 { _ = try await appender.append(opening(organization)) }
        let other = world.appender()
        for appender in [appender, other] {
            let version: Int32 = appender === other ? 2 : 1
            _ = try await appender.append(
                EventLog.Unit(
                    organization: organization, drafts: [draft(stream, version + 1)], expected: [stream: version],
                    readAt: version == 2 ? 22 : 1))
        }
        await appender.close()
        await other.close()
        try await world.expectWhole(organization, events: 23)
    }

    @Test func `a reader that has seen more than the database is answered that all has moved`() async throws {
        let world = try await World()
        let appender = world.appender()
        let (organization, stream) = (id(), id())
        let error = await failure { _ = try await appender.append(opening(organization, stream, readAt: 7)) }
        guard case .moved([stream]) = error else {
            Issue.record("answered \(String(describing: error))")
            return
        }
        await appender.close()
    }

    @Test func `a decision that nothing is to be done holds only while nothing has happened`() async throws {
        let world = try await World()
        let (here, there) = (world.appender(), world.appender())
        let (organization, stream) = (id(), id())
        let opened = try await here.append(opening(organization, stream))
        let nothing = EventLog.Unit(organization: organization, drafts: [], expected: [stream: 1], readAt: 1)
        let receipt = try await here.append(nothing)
        #expect(receipt.last == 1)
        #expect(receipt.first == 2)
        #expect(receipt.leaf == opened.leaf)
        // Another process moves the log elsewhere: the head is compared on the primary, and the stream still stands.
        _ = try await there.append(opening(organization))
        #expect(try await here.append(nothing).last == 2)
        _ = try await world.edit(organization, stream, by: there)
        let moved = await failure { _ = try await here.append(nothing) }
        guard case .moved([stream]) = moved else {
            Issue.record("answered \(String(describing: moved))")
            return
        }
        // One that says not what it read holds at its position alone.
        let blind = EventLog.Unit(organization: organization, drafts: [], expected: [:], readAt: 2)
        let late = await failure { _ = try await there.append(blind) }
        guard case .moved([]) = late else {
            Issue.record("answered \(String(describing: late))")
            return
        }
        await here.close()
        await there.close()
    }

    @Test func `times follow each other in a stream and do not run ahead`() async throws {
        let world = try await World()
        let (organization, stream) = (id(), id())
        let day = Instant("2017-03-01T00:00:00Z")!
        func unit(_ version: Int32, at instant: Instant?) -> EventLog.Unit {
            EventLog.Unit(
                organization: organization, drafts: [draft(stream, version, at: instant)],
                expected: [stream: version - 1], readAt: Position(version - 1))
        }
        var appender = world.appender()
        _ = try await appender.append(unit(1, at: day))
        for isCold in [false, true] {
            if isCold {
                await appender.close()
                appender = world.appender()
            }
            let warm = appender
            let early = unit(2, at: Instant(microseconds: day.microseconds - 1))
            guard case .timeBeforeLastEvent(stream, day) = await failure({ _ = try await warm.append(early) }) else {
                Issue.record("an event before the last one was taken")
                return
            }
        }
        let late = unit(2, at: Instant(microseconds: now().microseconds + 60_000_000))
        let warm = appender
        guard case .timeInFuture(stream) = await failure({ _ = try await warm.append(late) }) else {
            Issue.record("an event of tomorrow was taken")
            return
        }
        _ = try await appender.append(unit(2, at: day))
        _ = try await appender.append(unit(3, at: nil))
        let back = unit(4, at: day)
        guard case .timeBeforeLastEvent = await failure({ _ = try await warm.append(back) }) else {
            Issue.record("an event before the last one was taken")
            return
        }
        await appender.close()
        let times = try await world.reader.stream(organization, stream).map(\.occurredAt)
        #expect(times.prefix(2) == [day, day])
    }
}
