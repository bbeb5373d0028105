import EventLog
import FoundationEssentials
import Kernel
import Postgres
import PostgresTesting
import Testing

@Suite struct AppenderTests {
    @Test func `thirty-two callers get positions without a hole, in few transactions`() async throws {
        let world = try await World()
        let appender = world.appender()
        let organization = id()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<32 {
                group.addTask { for _ in 0..<40 { _ = try await appender.append(opening(organization)) } }
            }
            for try await _ in group {}
        }
        await appender.close()
        try await world.expectWhole(organization, events: 1280)
        let transactions = try await world.number("SELECT count(DISTINCT xmin::text) FROM log.event")
        #expect(transactions <= 1280 / 8)
    }

    @Test func `two processes on one log lose and double nothing, and both get through`() async throws {
        let world = try await World()
        let appenders = [world.appender(), world.appender()]
        let organization = id()
        let streams = (0..<4).map { _ in id() }
        let receipts = try await withThrowingTaskGroup(of: [Receipt].self, returning: [Receipt].self) { group in
            for caller in 0..<16 {
                group.addTask {
                    var receipts: [Receipt] = []
                    for turn in 0..<25 {
                        let stream = streams[(caller + turn) % streams.count]
                        receipts.append(
                            try await world.edit(organization, stream, by: appenders[caller % 2]))
                    }
                    return receipts
                }
            }
            var all: [Receipt] = []
            for try await some in group { all += some }
            return all
        }
        for appender in appenders { await appender.close() }
        #expect(receipts.map(\.last).sorted() == Array(1...400))
        try await world.expectWhole(organization, events: 400)
        for stream in streams {
            let versions = try await world.reader.stream(organization, stream).map(\.version)
            #expect(versions == Array(1...100))
        }
    }

    @Test func `a receipt names what stands in the log`() async throws {
        let world = try await World()
        let appender = world.appender()
        let (organization, one, other) = (id(), id(), id())
        _ = try await appender.append(opening(organization, one))
        let receipt = try await appender.append(
            EventLog.Unit(
                organization: organization,
                drafts: [draft(one, 2), draft(other, 1, index: 1), draft(one, 3, index: 2)],
                expected: [one: 1, other: 0], readAt: 1))
        #expect(receipt.first == 2)
        #expect(receipt.last == 4)
        #expect(receipt.versions == [one: 3, other: 1])
        let page = try await world.reader.page(organization, after: 1, limit: 10)
        #expect(page.map(\.stream) == [one, other, one])
        #expect(page.last?.leaf == receipt.leaf)
        #expect(page.allSatisfy { $0.recordedAt == receipt.recordedAt && $0.occurredAt == receipt.recordedAt })
        #expect(page.allSatisfy { MerkleTree.leaf($0.line) == $0.leaf })
        #expect(try await world.reader.leafHash(organization, at: 4) == receipt.leaf)
        await appender.close()
    }

    @Test func `what others read is not recorded earlier when the clock goes back`() async throws {
        let world = try await World()
        let ticks = Ticks([5_000_000, 3_000_000, 4_000_000, 9_000_000])
        let appender = world.appender(clock: { ticks.next() })
        let organization = id()
        for _ in 0..<4 { _ = try await appender.append(opening(organization)) }
        await appender.close()
        let recorded = try await world.reader.page(organization, after: 0, limit: 10).map(\.recordedAt.microseconds)
        #expect(recorded == [5_000_000, 5_000_000, 5_000_000, 9_000_000])
    }

    @Test func `a unit that the database refuses takes nobody with it`() async throws {
        let world = try await World()
        let appender = world.appender()
        let organizations = [id(), id()]
        let answers = await withTaskGroup(of: (Bool, AppendError?).self, returning: [(Bool, AppendError?)].self) {
            group in
            for number in 0..<60 {
                group.addTask {
                    var unit = opening(organizations[number % 2])
                    let isBad = number % 20 == 7
                    if isBad { unit.drafts[0].data = Array("{no json}".utf8) }
                    return (isBad, await failure { _ = try await appender.append(unit) })
                }
            }
            var all: [(Bool, AppendError?)] = []
            for await one in group { all.append(one) }
            return all
        }
        await appender.close()
        for (isBad, error) in answers {
            if isBad {
                guard case .refused(let reason) = error else {
                    Issue.record("a bad unit was answered \(String(describing: error))")
                    continue
                }
                #expect(reason.kind == .invalidValue)
            } else {
                #expect(error == nil)
            }
        }
        #expect(try await world.number("SELECT count(*) FROM log.event") == 57)
        for organization in organizations { try await world.expectWhole(organization) }
    }

    @Test func `what no log can hold is not even queued`() async throws {
        let world = try await World()
        let appender = world.appender()
        let (organization, stream) = (id(), id())
        func expectFault(_ change: (inout EventLog.Unit) -> Void) async {
            var unit = opening(organization, stream)
            change(&unit)
            let given = unit
            let error = await failure { _ = try await appender.append(given) }
            guard case .malformed = error else {
                Issue.record("answered \(String(describing: error))")
                return
            }
        }
        await expectFault { $0.drafts[0].version = 2 }
        await expectFault { $0.expected = [:] }
        await expectFault { $0.drafts[0].type = "deal" }
        await expectFault { $0.drafts[0].type = "deal.\"" }
        await expectFault { $0.drafts[0].data = Array("{\n}".utf8) }
        await expectFault { $0.drafts[0].data = Array("[]".utf8) }
        await expectFault { $0.drafts[0].schema = 0 }
        await expectFault { $0.takes = [EventLog.Claim(scope: "s", digest: [1], stream: stream)] }
        await expectFault { unit in
            unit.drafts = []
            unit.releases = [EventLog.Claim(scope: "s", digest: Array(repeating: 0, count: 32), stream: stream)]
        }
        await appender.close()
    }

    @Test func `a line of 65,535 bytes is taken and a longer one is not`() async throws {
        let world = try await World()
        let appender = world.appender()
        let (organization, stream) = (id(), id())
        var unit = opening(organization, stream)
        unit.drafts[0].data = Array(#"{"a":""}"#.utf8)
        _ = try await appender.append(unit)
        let length = try await world.reader.page(organization, after: 0, limit: 1)[0].line.count
        let filler = String(repeating: "x", count: EventLine.limit - length)
        unit = EventLog.Unit(
            organization: organization, drafts: [draft(stream, 2, type: "deal.opened", data: #"{"a":"\#(filler)"}"#)],
            expected: [stream: 1], readAt: 1)
        _ = try await appender.append(unit)
        unit.drafts[0].version = 3
        unit.expected = [stream: 2]
        unit.drafts[0].data = Array(#"{"a":"\#(filler)x"}"#.utf8)
        let given = unit
        guard case .tooLong(stream, 65_536) = await failure({ _ = try await appender.append(given) }) else {
            Issue.record("a line too long was taken")
            return
        }
        await appender.close()
        try await world.expectWhole(organization, events: 2)
    }
}
