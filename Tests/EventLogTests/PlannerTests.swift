import FoundationEssentials
import Kernel
import Postgres
import Testing

@testable import EventLog

/// Who is taken into a batch, and who waits.
@Suite struct PlannerTests {
    private let ticks = ContinuousClock.now
    private let time = Instant(microseconds: 1_700_000_000_000_000)

    /// Answers what is asked from an empty database, until there is something to write.
    private func batch(_ planner: inout Planner, after wait: Duration = .zero) -> Batch? {
        var model = Model()
        while true {
            switch planner.next(at: ticks + wait, clock: { time }) {
            case .look(let questions): planner.learn(model.answer(questions, session: 0) ?? Facts(), to: questions)
            case .write(let batch): return batch
            case .rest, .rollBack, .verify: return nil
            }
        }
    }
    private func submit(_ planner: inout Planner, _ tickets: ClosedRange<Int>, _ organization: UUID, _ lane: Lane) {
        for ticket in tickets {
            planner.submit(Pending(ticket: ticket, unit: opening(organization, lane: lane)), at: ticks)
        }
    }

    @Test func `a batch takes all that queues, up to a thousand events`() {
        var planner = Planner()
        submit(&planner, 1...1500, id(), .interactive)
        #expect(batch(&planner)?.rows.count == 1000)
        _ = planner.wrote()
        #expect(batch(&planner)?.rows.count == 500)
        _ = planner.wrote()
        #expect(batch(&planner) == nil)
        #expect(planner.answers.map(\.ticket) == Array(1...1500))
    }

    @Test func `what is planned while a batch is being written is sent when that is acknowledged`() throws {
        var planner = Planner()
        let organization = id()
        submit(&planner, 1...3, organization, .interactive)
        let first = try #require(batch(&planner))
        submit(&planner, 4...5, organization, .interactive)
        planner.prepare(at: ticks) { time }
        submit(&planner, 6...6, organization, .interactive)
        _ = planner.wrote()
        let second = try #require(batch(&planner))
        #expect(second.entries.map(\.pending.ticket) == [4, 5])
        #expect(second.rows.map(\.position) == [4, 5])
        #expect(first.rows.map(\.position) == [1, 2, 3])
    }

    @Test func `what is planned upon a batch that fails is planned anew, and not refused meanwhile`() throws {
        var planner = Planner()
        let organization = id()
        submit(&planner, 1...1, organization, .interactive)
        let first = try #require(batch(&planner))
        let stream = first.rows[0].stream
        // It has read the stream as empty, which it is only if the first is never written.
        var late = EventLog.Unit(organization: organization, drafts: [], expected: [stream: 0], readAt: 0)
        late.outcome = Outcome(
            actor: organization, keyDigest: [UInt8](repeating: 1, count: 32),
            requestHash: [UInt8](repeating: 2, count: 32), status: 200)
        planner.submit(Pending(ticket: 2, unit: late), at: ticks)
        planner.prepare(at: ticks) { time }
        #expect(planner.ready?.refused.map(\.pending.ticket) == [2])
        #expect(planner.answers.isEmpty)
        planner.failed(PostgresError(.connectionLost, "gone"), at: ticks)
        #expect(planner.ready == nil)
        planner.giveUp()
        #expect(planner.answers.map(\.ticket) == [1, 2])
    }

    @Test func `a batch that only refuses is never sent`() throws {
        var planner = Planner()
        let organization = id()
        submit(&planner, 1...1, organization, .interactive)
        let stream = try #require(batch(&planner)).rows[0].stream
        let late = EventLog.Unit(organization: organization, drafts: [], expected: [stream: 0], readAt: 0)
        planner.submit(Pending(ticket: 2, unit: late), at: ticks)
        planner.prepare(at: ticks) { time }
        _ = planner.wrote()
        #expect(planner.answers.map(\.ticket) == [1, 2])
        #expect(batch(&planner) == nil)
    }

    @Test func `organizations take turns, so that a busy one delays nobody`() throws {
        var planner = Planner()
        submit(&planner, 1...3000, id(), .interactive)
        let small = id()
        submit(&planner, 3001...3002, small, .interactive)
        let first = try #require(batch(&planner))
        #expect(first.rows.count(where: { $0.organization == small }) == 2)
        #expect(
            zip(first.rows, first.rows.dropFirst()).allSatisfy {
                ($0.organization, $0.position) < ($1.organization, $1.position)
            })
    }

    @Test func `imports take the room that is left, and large batches only when it is quiet`() throws {
        var planner = Planner()
        let organization = id()
        submit(&planner, 1...12_000, organization, .import)
        submit(&planner, 12_001...12_010, organization, .interactive)
        let mixed = try #require(batch(&planner))
        #expect(mixed.entries.count(where: { $0.pending.unit.lane == .interactive }) == 10)
        #expect(mixed.rows.count == 1000)
        _ = planner.wrote()
        #expect(batch(&planner)?.rows.count == 1000)
        _ = planner.wrote()
        #expect(batch(&planner, after: .seconds(2))?.rows.count == 10_000)
    }

    @Test func `a batch has four megabytes, and a larger unit goes alone`() throws {
        var planner = Planner()
        let organization = id()
        for ticket in 1...4 {
            var unit = opening(organization)
            unit.drafts[0].data = Array("{\"a\":\"\(String(repeating: "x", count: 60_000))\"}".utf8)
            let stream = unit.drafts[0].stream
            for version in 2...50 {
                var next = unit.drafts[0]
                next.version = Int32(version)
                unit.drafts.append(next)
            }
            #expect(unit.expected == [stream: 0])
            planner.submit(Pending(ticket: ticket, unit: unit), at: ticks)
        }
        #expect(batch(&planner)?.entries.count == 1)
    }

    @Test func `a known head is not asked for again, nor streams that did not change since`() throws {
        var planner = Planner()
        let organization = id()
        submit(&planner, 1...1, organization, .interactive)
        _ = batch(&planner)
        _ = planner.wrote()
        submit(&planner, 2...2, organization, .interactive)
        guard case .write(let batch) = planner.next(at: ticks, clock: { time }) else {
            Issue.record("something was asked")
            return
        }
        #expect(batch.rows.map(\.position) == [2])
    }

    @Test func `after a lost race the lock is taken for sixteen batches`() throws {
        var planner = Planner()
        let organization = id()
        var model = Model()
        submit(&planner, 1...1, organization, .interactive)
        var locks = 0
        var batches = 0
        for ticket in 2...40 {
            var isWritten = false
            while !isWritten {
                switch planner.next(at: ticks, clock: { time }) {
                case .look(let questions):
                    if !questions.locks.isEmpty { locks += 1 }
                    planner.learn(model.answer(questions, session: 0) ?? Facts(), to: questions)
                case .write(let batch):
                    if ticket == 3, model.head(organization).position == 1 {
                        // Another process was first.
                        var other = Planner()
                        other.submit(Pending(ticket: 1, unit: opening(organization, readAt: 1)), at: ticks)
                        while case .look(let questions) = other.next(at: ticks, clock: { time }) {
                            other.learn(model.answer(questions, session: 1) ?? Facts(), to: questions)
                        }
                        try model.write(try #require(other.sent), session: 1)
                    }
                    do throws(PostgresError) {
                        try model.write(batch, session: 0)
                        _ = planner.wrote()
                        isWritten = true
                        batches += 1
                    } catch {
                        planner.failed(error, at: ticks)
                    }
                case .rest, .rollBack, .verify: Issue.record("nothing to write")
                }
            }
            submit(&planner, ticket...ticket, organization, .interactive)
        }
        #expect(batches == 39)
        #expect(locks == Book.pessimism)
    }

    @Test func `who queues while a log's lock is waited for goes along, and what others wrote is read, not looked up`()
        throws
    {
        var planner = Planner()
        let organization = id()
        var model = Model()
        var other = Planner()
        // The other process writes first, so this one loses its race and queues for the lock from then on.
        submit(&planner, 1...1, organization, .interactive)
        let late = try #require(batch(&planner))
        write(opening(organization), by: &other, &model, session: 1)
        #expect(late.rows.map(\.position) == [1])
        planner.failed(PostgresError(.uniqueViolation, "position"), at: ticks)
        write(opening(organization, readAt: 1), by: &planner, &model, session: 0)
        write(opening(organization, readAt: 1), by: &other, &model, session: 1)
        let written = model.head(organization).position
        func queue(_ tickets: ClosedRange<Int>) {
            for ticket in tickets {
                let unit = opening(organization, readAt: written - 1)
                planner.submit(Pending(ticket: ticket, unit: unit), at: ticks)
            }
        }
        queue(2...2)
        guard case .look(let questions) = planner.next(at: ticks, clock: { time }) else {
            Issue.record("no lock is taken")
            return
        }
        #expect(questions.locks == [organization])
        #expect(questions.sequels.map(\.from) == [written - 1])
        #expect(questions.heads.isEmpty && questions.streams.isEmpty)
        queue(3...4)
        planner.learn(model.answer(questions, session: 0) ?? Facts(), to: questions)
        guard case .write(let batch) = planner.next(at: ticks, clock: { time }) else {
            Issue.record("something else is asked")
            return
        }
        #expect(batch.entries.map(\.pending.ticket) == [2, 3, 4])
        try model.write(batch, session: 0)
        #expect(batch.after[organization]?.tip == model.tip(organization))
    }

    /// Whatever it takes until what queues is in the model's log.
    private func write(
        _ unit: EventLog.Unit, by planner: inout Planner, _ model: inout Model, session: Int
    ) {
        planner.submit(Pending(ticket: 99, unit: unit), at: ticks)
        while true {
            switch planner.next(at: ticks, clock: { time }) {
            case .look(let questions):
                planner.learn(model.answer(questions, session: session) ?? Facts(), to: questions)
            case .write(let batch):
                do throws(PostgresError) {
                    try model.write(batch, session: session)
                    _ = planner.wrote()
                } catch {
                    planner.failed(error, at: ticks)
                }
            case .rollBack:
                model.unlock(session)
                planner.rolledBack()
            case .rest, .verify: return
            }
        }
    }
}
