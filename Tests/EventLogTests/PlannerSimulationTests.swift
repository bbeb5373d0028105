import FoundationEssentials
import Kernel
import Postgres
import Testing

@testable import EventLog

/// Several processes' planners over one model of the database, in every order that a seed gives, with lost connections,
/// lost races, waits and errors. What must hold then holds whatever the timing.
@Suite struct PlannerSimulationTests {
    @Test(arguments: UInt64(1)...150)
    func `whatever happens, what is acknowledged is in the log once`(seed: UInt64) throws {
        var simulation = Simulation(seed: seed)
        for _ in 0..<400 { try simulation.step() }
        simulation.isCalm = true
        for _ in 0..<4_000 where !simulation.isOver { try simulation.step() }
        #expect(simulation.isOver, "units are never answered")
        try simulation.check()
    }

    @Test func `the simulation meets what it is for`() throws {
        var met: Set<String> = []
        for seed in UInt64(1)...40 {
            var simulation = Simulation(seed: seed)
            for _ in 0..<400 { try simulation.step() }
            simulation.isCalm = true
            for _ in 0..<4_000 where !simulation.isOver { try simulation.step() }
            try simulation.check()
            met.formUnion(simulation.met)
        }
        #expect(
            met.isSuperset(of: [
                "zombie", "locks", "waiting", "rollBack", "found true", "found false", "uniqueViolation",
                "divisionByZero", "connectionLost", "moved", "claimed", "repeated", "keyReused", "cancelled",
                "prepared", "sequel", "long sequel", "filled up", "shared",
            ]), "only \(met.sorted())")
    }
}

struct Simulation {
    var random: Seeded
    var model = Model()
    var planners: [Planner] = []
    var submitted: [Ticket: (planner: Int, unit: EventLog.Unit)] = [:]
    var answered: [Ticket: Answer] = [:]
    /// No more trouble and no more units.
    var isCalm = false
    let organizations = (0..<3).map { UUID.v8([UInt8($0)]) }
    let streams = (0..<4).map { UUID.v8([9, UInt8($0)]) }
    var time = Instant(microseconds: 1_700_000_000_000_000)
    var ticks = ContinuousClock.now
    var commands: UInt64 = 0
    /// Transactions whose client is gone and whose server process has not noticed.
    var zombies: [Batch] = []
    /// Whose questions a planner asked last, with locks.
    var asked: [Int: Set<Ticket>] = [:]
    /// What the seed led to.
    var met: Set<String> = []

    init(seed: UInt64) {
        random = Seeded(state: seed)
        var limits = Planner.Limits()
        limits.rememberedOfOne = 3
        limits.remembered = seed % 2 == 0 ? 20 : 1_000
        limits.sequel = seed % 4 < 2 ? 3 : 1_000
        // One alone keeps what it remembers for long; more of them lose races.
        planners = Array(repeating: Planner(limits: limits), count: Int(seed % 3) + 1)
    }

    var isOver: Bool { answered.count == submitted.count }

    mutating func step() throws {
        time = Instant(microseconds: time.microseconds + Int64.random(in: -5...100, using: &random))
        ticks += .milliseconds(isCalm ? 500 : 20)
        if !isCalm, chance(60) { submit() }
        let session = planners.indices.randomElement(using: &random) ?? 0
        if chance(10), let zombie = zombies.popLast() {
            if (try? model.write(zombie, session: -1)) != nil { met.insert("zombie") }
        }
        let time = time
        switch planners[session].next(at: ticks, clock: { time }) {
        case .rest: break
        case .rollBack:
            met.insert("rollBack")
            model.unlock(session)
            planners[session].rolledBack()
        case .look(let questions): look(questions, session)
        case .write(let batch):
            if batch.isLocked, let asked = asked[session], !asked.isSuperset(of: batch.entries.map(\.pending.ticket)) {
                met.insert("filled up")
            }
            if chance(60) { prepare(session) }
            write(batch, session)
        case .verify(let batch):
            met.insert("found \(model.has(batch.mark))")
            _ = planners[session].found(model.has(batch.mark), at: ticks)
        }
        for (ticket, answer) in planners[session].answers {
            #expect(answered.updateValue(answer, forKey: ticket) == nil, "answered twice")
        }
        planners[session].answers = []
    }

    private mutating func look(_ questions: Questions, _ session: Int) {
        #expect(!questions.isEmpty || !questions.locks.isEmpty)
        if trouble(3) {
            model.unlock(session)
            let error = PostgresError(chance(50) ? .connectionLost : .lockTimeout, "", outcomeUnknown: true)
            return planners[session].lookFailed(error, at: ticks)
        }
        guard let facts = model.answer(questions, session: session) else {
            met.insert("waiting")
            return
        }
        if !questions.locks.isEmpty {
            met.insert("locks")
            asked[session] = Set(planners[session].chosen.map(\.ticket))
            if !isCalm { for _ in 0..<Int.random(in: 0...2, using: &random) { submit(to: session) } }
        }
        for sequel in questions.sequels {
            met.insert(facts.sequels[sequel.organization]?.count ?? 0 < sequel.limit ? "sequel" : "long sequel")
        }
        planners[session].learn(facts, to: questions)
    }

    /// More comes while a batch is being written, and is planned upon it.
    private mutating func prepare(_ session: Int) {
        if !isCalm { for _ in 0..<Int.random(in: 0...3, using: &random) { submit(to: session) } }
        let time = time
        planners[session].prepare(at: ticks, clock: { time })
        if planners[session].ready != nil { met.insert("prepared") }
    }

    private mutating func write(_ batch: Batch, _ session: Int) {
        if trouble(3) {
            model.unlock(session)
            let isZombie = chance(70)
            if isZombie { zombies.append(batch) }
            let error = PostgresError(.connectionLost, "gone", outcomeUnknown: isZombie)
            return planners[session].failed(error, at: ticks)
        }
        if trouble(3) {
            model.unlock(session)
            return planners[session].failed(PostgresError(chance(50) ? .lockTimeout : .deadlock, ""), at: ticks)
        }
        do throws(PostgresError) {
            try model.write(batch, session: session)
            if trouble(5) { throw PostgresError(.connectionLost, "before the acknowledgement", outcomeUnknown: true) }
            _ = planners[session].wrote()
        } catch {
            met.insert("\(error.kind)")
            planners[session].failed(error, at: ticks)
        }
    }

    // MARK: - What is submitted?

    private mutating func submit(to session: Int? = nil) {
        let planner = session ?? planners.indices.randomElement(using: &random) ?? 0
        let organization = organizations.randomElement(using: &random) ?? organizations[0]
        let ticket = submitted.count + 1
        let written = streams.shuffled(using: &random).prefix(Int.random(in: 0...2, using: &random))
        let read = streams.shuffled(using: &random).prefix(Int.random(in: 0...1, using: &random))
        var unit = EventLog.Unit(
            organization: organization, drafts: [], expected: [:], readAt: model.head(organization).position,
            lane: chance(70) ? .interactive : .import)
        // Some callers have read a while ago.
        if chance(30) { unit.readAt = max(0, unit.readAt - Position.random(in: 0...6, using: &random)) }
        let past = model.logs[organization, default: []].prefix { $0.position <= unit.readAt }
        for stream in Set(written).union(read) {
            unit.expected[stream] = past.last { $0.stream == stream }?.version ?? 0
        }
        commands += 1
        for stream in written {
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let before = unit.drafts.last { $0.stream == stream }?.version ?? unit.expected[stream] ?? 0
                unit.drafts.append(
                    Draft(
                        stream: stream, version: before + 1, type: "deal.edited", schema: 1, data: Array("{}".utf8),
                        occurredAt: chance(20) ? Instant(microseconds: time.microseconds - 10) : nil,
                        actor: organization, command: UUID.v8(number(commands)), index: Int16(unit.drafts.count)))
            }
        }
        claims(written.first, &unit)
        if chance(60) { unit.outcome = outcome() }
        submitted[ticket] = (planner, unit)
        #expect(unit.fault == nil)
        planners[planner].submit(Pending(ticket: ticket, unit: unit), at: ticks)
        if chance(5) { planners[planner].cancel(ticket, of: organization) }
    }

    private mutating func claims(_ stream: UUID?, _ unit: inout EventLog.Unit) {
        guard let stream, chance(40) else { return }
        let digest = Array(repeating: UInt8.random(in: 0...1, using: &random), count: 32)
        var claim = EventLog.Claim(scope: "deal.slug", digest: digest, stream: stream)
        if chance(40) {
            unit.releases = [claim]
        } else {
            claim.isShared = chance(30)
            unit.takes = [claim]
        }
    }
    private mutating func outcome() -> Outcome {
        let key = UInt8.random(in: 0...20, using: &random)
        return Outcome(
            actor: organizations[0], keyDigest: Array(repeating: key, count: 32),
            requestHash: Array(repeating: chance(90) ? 1 : 2, count: 32), status: 201)
    }

    private func number(_ value: UInt64) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) } + [1] }
    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    private mutating func trouble(_ percent: Int) -> Bool { !isCalm && chance(percent) }
}

// MARK: - What must hold at the end?

extension Simulation {
    mutating func check() throws {
        for (_, log) in model.logs {
            #expect(log.map(\.position) == Array(1...Position(log.count)))
            for (_, events) in Dictionary(grouping: log, by: \.stream) {
                #expect(events.map(\.version) == Array(1...Int32(events.count)))
                #expect(zip(events, events.dropFirst()).allSatisfy { $0.occurredAt <= $1.occurredAt })
            }
            #expect(zip(log, log.dropFirst()).allSatisfy { $0.recordedAt <= $1.recordedAt })
            #expect(log.allSatisfy { $0.occurredAt <= $0.recordedAt && $0.leaf == MerkleTree.leaf($0.line) })
            expectTree(log)
        }
        for (ticket, answer) in answered { check(try #require(submitted[ticket]).unit, answer) }
        #expect(answered.values.contains { if case .success = $0 { true } else { false } })
    }

    private mutating func check(_ unit: EventLog.Unit, _ answer: Answer) {
        let log = model.logs[unit.organization, default: []]
        let written = log.filter { event in unit.drafts.contains { $0.command == event.command } }
        switch answer {
        case .success(let receipt):
            #expect(written.map(\.position) == Array(receipt.first..<receipt.last + 1))
            #expect(written.map(\.stream) == unit.drafts.map(\.stream))
            #expect(written.map(\.version) == unit.drafts.map(\.version))
            #expect(receipt.last == 0 || log[Int(receipt.last) - 1].leaf == receipt.leaf)
            // What was read holds at the moment of the commit.
            for (stream, version) in unit.expected {
                #expect(log.prefix(Int(receipt.first - 1)).last { $0.stream == stream }?.version ?? 0 == version)
            }
            if unit.takes.contains(where: \.isShared) { met.insert("shared") }
            if let outcome = unit.outcome {
                #expect(model.outcomes[OutcomeKey(unit.organization, outcome)]?.position == receipt.last)
            }
        case .failure(.moved(let streams)):
            met.insert("moved")
            #expect(written.isEmpty)
            for stream in streams { #expect(model.version(unit.organization, stream) != unit.expected[stream]) }
        case .failure(.repeated(let stored)):
            met.insert("repeated")
            #expect(stored.outcome.requestHash == unit.outcome?.requestHash)
        case .failure(.unavailable(outcomeUnknown: true)): break
        case .failure(let error):
            #expect(written.isEmpty)
            if case .claimed = error { met.insert("claimed") } else { met.insert("\(error)") }
            if case .unavailable = error { Issue.record("a unit was given up although somebody always gets through") }
        }
    }
}
