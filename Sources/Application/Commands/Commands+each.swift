import CRM
import EventLog
import FoundationEssentials
import Kernel
import Vault

extension Commands {
    /// Carries out many units, each by itself: a refused one does not hold the others up. Made for imports: all streams
    /// are read in one query, and independent units travel in one batch of the log.
    ///
    /// A unit that names a record which an earlier unit names too is decided after that one: the order of the list is
    /// the order of events within each record. All others come into the log in the order of the list, too, as long as
    /// nobody else writes the same records.
    /// - Parameters:
    ///   - dryRun: decides as far as single units go, and appends nothing.
    ///   - assumed: records that a dry run takes for being there.
    ///   - command: the one command that they all are, where they are one.
    ///   - objection: what is wrong with the state in which a unit leaves its last record; it is refused then.
    public func executeEach(
        _ units: [[Ask]], by caller: Caller, lane: Lane = .import, dryRun: Bool = false,
        assuming assumed: Set<UUID> = [], as command: UUID? = nil,
        unless objection: (@Sendable (_ unit: Int, _ state: any Sendable) -> Problem?)? = nil
    ) async -> [Result<Answer, Problem>] {
        var answers = [Result<Answer, Problem>?](repeating: nil, count: units.count)
        do throws(Problem) {
            let keys = try await organizationKeys(of: caller.organization)
            let tags = try await tags(namedIn: units.joined(), keys, caller.organization)
            var plans: [Int: UnitPlan] = [:]
            for (index, asks) in units.enumerated() {
                do throws(Problem) {
                    let circumstances = Circumstances(caller: caller, now: clock(), assumed: assumed, fresh: fresh)
                    let asks = try Ask.naming(asks, tags)
                    var plan = UnitPlan(
                        asks: asks, ids: try targets(asks, keys), circumstances: circumstances,
                        command: command ?? fresh())
                    if let objection { plan.objection = { objection(index, $0) } }
                    plans[index] = plan
                } catch { answers[index] = .failure(error) }
            }
            for round in UnitPlan.rounds(plans) {
                try await carryOut(round, caller, keys, lane, dryRun) { answers[$0] = $1 }
            }
        } catch {
            for index in answers.indices where answers[index] == nil { answers[index] = .failure(error) }
        }
        return answers.map { $0 ?? .failure(.fault) }
    }

    private func carryOut(
        _ round: [(index: Int, plan: UnitPlan)], _ caller: Caller, _ keys: OrganizationKeys, _ lane: Lane,
        _ dryRun: Bool,
        _ answer: (Int, Result<Answer, Problem>) -> Void
    ) async throws(Problem) {
        var known = WorkingSet(readAt: .max)
        try await load(round.flatMap { $0.plan.likely(caller.organization) }, into: &known, caller.organization)
        let shared = known
        // Read once for all: each unit then finds them remembered.
        _ = try await standings(of: Set(shared.streams.filter { $0.value.exists }.keys), caller.organization)
        await withTaskGroup(of: (Int, Result<Answer, Problem>).self) { group in
            let turns = Turns()
            for (place, (index, plan)) in round.enumerated() {
                let turn = turns[place]
                group.addTask {
                    defer { turn.pass() }
                    do throws(Problem) {
                        return (index, .success(try await self.settle(plan, from: shared, keys, lane, dryRun, turn)))
                    } catch { return (index, .failure(error)) }
                }
            }
            for await (index, result) in group { answer(index, result) }
        }
    }

    /// Decides and appends one unit on streams already read; on others' writes it starts afresh.
    private func settle(
        _ first: UnitPlan, from shared: WorkingSet, _ keys: OrganizationKeys, _ lane: Lane, _ dryRun: Bool,
        _ turn: Turns.Turn
    ) async throws(Problem) -> Answer {
        var known = shared
        for _ in 0..<Self.attempts {
            var plan = first
            try await decide(&plan, &known, first.circumstances.caller.organization)
            try await share(&plan, keys)
            if dryRun || plan.events.isEmpty {
                return Answer(results: plan.results, position: PositionToken(position: plan.readAt, hash: nil))
            }
            switch try await append(plan, keys, nil, lane, turn: turn) {
            case .done(let answer): return answer
            case .moved: known = WorkingSet(readAt: .max)
            }
        }
        throw .conflict
    }
}

extension UnitPlan {
    /// The plans in rounds: within one, no two name the same record.
    static func rounds(_ plans: [Int: UnitPlan]) -> [[(index: Int, plan: UnitPlan)]] {
        var rounds: [[(index: Int, plan: UnitPlan)]] = []
        var lastRound: [UUID: Int] = [:]  // the round in which a record was last written
        for (index, plan) in plans.sorted(by: { $0.key < $1.key }) {
            let named = plan.named
            let round = named.compactMap { lastRound[$0].map { $0 + 1 } }.max() ?? 0
            if round == rounds.count { rounds.append([]) }
            rounds[round].append((index, plan))
            for id in plan.ids { lastRound[id] = max(lastRound[id] ?? 0, round) }
        }
        return rounds
    }

    /// Its records, and those its bodies refer to.
    private var named: Set<UUID> {
        var named = Set(ids)
        for ask in asks {
            guard let entity = CRM.entity(named: ask.entity), let body = ask.body.object else { continue }
            named.formUnion(entity.taken(by: ask.act).mentions(in: body).map(\.id))
        }
        return named
    }
}
