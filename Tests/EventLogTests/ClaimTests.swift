import EventLog
import FoundationEssentials
import Kernel
import Postgres
import PostgresTesting
import Testing
import Vault

@Suite struct ClaimTests {
    private let digest = SHA256.hash(Array("ada@example.org".utf8))

    private func claim(_ stream: UUID, isShared: Bool = false) -> EventLog.Claim {
        EventLog.Claim(scope: "contact.email", digest: digest, stream: stream, isShared: isShared)
    }

    @Test func `a value is taken once, released, and taken by another`() async throws {
        let world = try await World()
        let appender = world.appender()
        let (organization, ada, eve) = (id(), id(), id())
        var first = opening(organization, ada)
        first.takes = [claim(ada)]
        _ = try await appender.append(first)
        var second = opening(organization, eve, readAt: 1)
        second.takes = [claim(eve)]
        let taken = second
        guard case .claimed("contact.email", digest, ada) = await failure({ _ = try await appender.append(taken) })
        else {
            Issue.record("a value was taken twice")
            return
        }
        // In another organization it is free.
        var elsewhere = opening(id(), eve)
        elsewhere.takes = [claim(eve)]
        _ = try await appender.append(elsewhere)
        let archive = EventLog.Unit(
            organization: organization, drafts: [draft(ada, 2)], expected: [ada: 1], readAt: 1, releases: [claim(ada)])
        _ = try await appender.append(archive)
        _ = try await appender.append(second)
        let holders = try await world.reader.holders(organization, [("contact.email", digest), ("other", digest)])
        #expect(holders == [claim(eve)])
        await appender.close()
        try await world.expectWhole(organization, events: 3)
    }

    @Test func `a unit that takes a value for two streams is refused at once`() async throws {
        let world = try await World()
        let appender = world.appender()
        let (ada, eve) = (id(), id())
        let unit = EventLog.Unit(
            organization: id(), drafts: [draft(ada, 1), draft(eve, 1, index: 1)], expected: [ada: 0, eve: 0], readAt: 0,
            takes: [claim(ada), claim(eve)])
        guard case .malformed = await failure({ _ = try await appender.append(unit) }) else {
            Issue.record("a unit took a value twice")
            return
        }
        await appender.close()
    }

    @Test func `a value passes from one to another in one unit, and is taken again by who has it`() async throws {
        let world = try await World()
        let appender = world.appender()
        let (organization, ada, eve) = (id(), id(), id())
        var first = opening(organization, ada)
        first.takes = [claim(ada)]
        _ = try await appender.append(first)
        _ = try await appender.append(
            EventLog.Unit(
                organization: organization, drafts: [draft(ada, 2), draft(eve, 1, index: 1)],
                expected: [ada: 1, eve: 0], readAt: 1, takes: [claim(eve)], releases: [claim(ada)]))
        _ = try await appender.append(
            EventLog.Unit(
                organization: organization, drafts: [draft(eve, 2)], expected: [eve: 1], readAt: 3,
                takes: [claim(eve)]))
        #expect(try await world.reader.holders(organization, [("contact.email", digest)]) == [claim(eve)])
        await appender.close()
    }

    @Test func `a value is held beside who has it, and each gives back its own`() async throws {
        let world = try await World()
        let appender = world.appender()
        let (organization, ada, eve, kim) = (id(), id(), id(), id())
        var first = opening(organization, ada)
        first.takes = [claim(ada)]
        _ = try await appender.append(first)
        // Two at once, of one unit and of another.
        var others = EventLog.Unit(
            organization: organization, drafts: [draft(eve, 1), draft(kim, 1, index: 1)], expected: [eve: 0, kim: 0],
            readAt: 1)
        others.takes = [claim(eve, isShared: true), claim(kim, isShared: true)]
        _ = try await appender.append(others)
        func holders() async throws -> [EventLog.Claim] {
            try await world.reader.holders(organization, [("contact.email", digest)])
        }
        let beside = [claim(eve, isShared: true), claim(kim, isShared: true)].sorted { $0.stream < $1.stream }
        #expect(try await holders() == [claim(ada)] + beside)
        _ = try await appender.append(
            EventLog.Unit(
                organization: organization, drafts: [draft(ada, 2), draft(eve, 2, index: 1)],
                expected: [ada: 1, eve: 1], readAt: 3, releases: [claim(ada), claim(eve)]))
        #expect(try await holders() == [claim(kim, isShared: true)])
        // The place of who holds it alone is free again, for one.
        var next = opening(organization, id(), readAt: 5)
        next.takes = [claim(next.drafts[0].stream)]
        _ = try await appender.append(next)
        #expect(try await holders() == [next.takes[0], claim(kim, isShared: true)])
        await appender.close()
        try await world.expectWhole(organization, events: 6)
    }

    @Test(arguments: [1, 2])
    func `those who share a value do not wait for each other`(processes: Int) async throws {
        let world = try await World()
        let appenders = (0..<processes).map { _ in world.appender() }
        let organization = id()
        let errors = await withTaskGroup(of: AppendError?.self, returning: [AppendError?].self) { group in
            for number in 0..<24 {
                group.addTask {
                    let stream = id()
                    var unit = opening(organization, stream)
                    unit.takes = [claim(stream, isShared: true)]
                    let given = unit
                    return await failure { _ = try await appenders[number % processes].append(given) }
                }
            }
            var all: [AppendError?] = []
            for await one in group { all.append(one) }
            return all
        }
        for appender in appenders { await appender.close() }
        #expect(errors.allSatisfy { $0 == nil }, "\(errors)")
        try await world.expectWhole(organization, events: 24)
        #expect(try await world.number("SELECT count(*) FROM log.claim") == 24)
    }

    @Test(arguments: [1, 2])
    func `of those who race for a value one gets it, and others are not held up`(processes: Int) async throws {
        let world = try await World()
        let appenders = (0..<processes).map { _ in world.appender() }
        let organization = id()
        let outcomes = await withTaskGroup(of: AppendError?.self, returning: [AppendError?].self) { group in
            for number in 0..<24 {
                group.addTask {
                    let stream = id()
                    var unit = opening(organization, stream)
                    if number % 2 == 0 { unit.takes = [claim(stream)] }
                    let given = unit
                    return await failure { _ = try await appenders[number % processes].append(given) }
                }
            }
            var all: [AppendError?] = []
            for await one in group { all.append(one) }
            return all
        }
        for appender in appenders { await appender.close() }
        let losers = outcomes.compactMap(\.self)
        #expect(losers.count == 11)
        for loser in losers {
            guard case .claimed = loser else {
                Issue.record("answered \(loser)")
                continue
            }
        }
        try await world.expectWhole(organization, events: 13)
        #expect(try await world.number("SELECT count(*) FROM log.claim") == 1)
    }
}

@Suite struct OutcomeTests {
    private func outcome(_ actor: UUID, _ key: String, request: String = "r") -> Outcome {
        Outcome(
            actor: actor, keyDigest: SHA256.hash(Array(key.utf8)), requestHash: SHA256.hash(Array(request.utf8)),
            status: 201, code: nil, detail: Array(#"{"versions":[1]}"#.utf8))
    }

    @Test func `a repeat gets the first answer, and another request under the key none`() async throws {
        let world = try await World()
        let (organization, actor) = (id(), id())
        let first = world.appender()
        var unit = opening(organization)
        unit.outcome = outcome(actor, "k")
        let receipt = try await first.append(unit)
        let second = world.appender()
        for appender in [first, second] {
            var again = opening(organization, readAt: 1)
            again.outcome = outcome(actor, "k")
            let repeated = again
            guard case .repeated(let stored) = await failure({ _ = try await appender.append(repeated) }) else {
                Issue.record("a command was carried out twice")
                return
            }
            #expect(stored.outcome == outcome(actor, "k"))
            #expect(stored.position == receipt.last)
            #expect(stored.leaf == receipt.leaf)
            again.outcome = outcome(actor, "k", request: "other")
            let reused = again
            guard case .keyReused = await failure({ _ = try await appender.append(reused) }) else {
                Issue.record("a key was used twice")
                return
            }
            again.outcome = outcome(id(), "k")
            _ = try await appender.append(again)
        }
        await first.close()
        await second.close()
        try await world.expectWhole(organization, events: 3)
        #expect(try await world.reader.outcome(organization, actor: actor, keyDigest: unit.outcome!.keyDigest) != nil)
        #expect(try await world.reader.outcome(organization, actor: id(), keyDigest: unit.outcome!.keyDigest) == nil)
    }

    @Test func `a decision without events keeps its answer too`() async throws {
        let world = try await World()
        let appender = world.appender()
        let (organization, stream, actor) = (id(), id(), id())
        _ = try await appender.append(opening(organization, stream))
        var unit = EventLog.Unit(organization: organization, drafts: [], expected: [stream: 1], readAt: 1)
        unit.outcome = Outcome(
            actor: actor, keyDigest: SHA256.hash([1]), requestHash: SHA256.hash([2]), status: 409,
            code: "deal.not_open",
            detail: Array("{}".utf8))
        #expect(try await appender.append(unit).last == 1)
        let repeated = unit
        guard case .repeated(let stored) = await failure({ _ = try await appender.append(repeated) }) else {
            Issue.record("an answer was not kept")
            return
        }
        #expect(stored.outcome == unit.outcome)
        #expect(stored.position == 1)
        await appender.close()
        try await world.expectWhole(organization, events: 1)
    }

    @Test(arguments: [1, 2])
    func `of equal commands at the same time one is carried out`(processes: Int) async throws {
        let world = try await World()
        let appenders = (0..<processes).map { _ in world.appender() }
        let (organization, actor) = (id(), id())
        let outcomes = await withTaskGroup(of: AppendError?.self, returning: [AppendError?].self) { group in
            for number in 0..<20 {
                group.addTask {
                    var unit = opening(organization)
                    unit.outcome = outcome(actor, "k\(number % 4)")
                    let given = unit
                    return await failure { _ = try await appenders[number % 5 % processes].append(given) }
                }
            }
            var all: [AppendError?] = []
            for await one in group { all.append(one) }
            return all
        }
        for appender in appenders { await appender.close() }
        #expect(outcomes.count(where: { $0 == nil }) == 4)
        for case .some(let error) in outcomes {
            guard case .repeated = error else {
                Issue.record("answered \(error)")
                continue
            }
        }
        try await world.expectWhole(organization, events: 4)
    }

    @Test func `an outcome is forgotten after thirty days and not before`() async throws {
        let world = try await World()
        let appender = world.appender()
        let (organization, actor) = (id(), id())
        var unit = opening(organization)
        unit.outcome = outcome(actor, "k")
        let receipt = try await appender.append(unit)
        await appender.close()
        let retention = OutcomeRetention(world.connection)
        let month = OutcomeRetention.period.components.seconds * 1_000_000
        #expect(try await retention.sweep(at: Instant(microseconds: receipt.recordedAt.microseconds + month)) == 0)
        #expect(try await retention.sweep(at: Instant(microseconds: receipt.recordedAt.microseconds + month + 1)) == 1)
        #expect(try await world.reader.outcome(organization, actor: actor, keyDigest: unit.outcome!.keyDigest) == nil)
    }
}
