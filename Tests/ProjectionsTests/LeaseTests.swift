import Foundation
import Kernel
import Postgres
import PostgresTesting
import Synchronization
import Testing

@testable import Projections

/// Several projectors on one database.
@Suite(.timeLimit(.minutes(3))) struct LeaseTests {
    @Test func `every projector reckons alike, and each gets its share`() {
        var random = Seeded(7)
        let holders = (0..<4).map { _ in random.uuid() }
        let organizations = (0..<4000).map { _ in random.uuid() }
        let (mine, theirs) = (Shares(holders: Set(holders)), Shares(holders: Set(holders.reversed())))
        let counts = organizations.reduce(into: [UUID: Int]()) { counts, organization in
            let holder = mine.holder(of: organization)
            #expect(holder == theirs.holder(of: organization))
            if let holder { counts[holder, default: 0] += 1 }
        }
        for holder in holders { #expect((850...1150).contains(counts[holder] ?? 0), "\(counts)") }
        #expect(Shares(holders: []).holder(of: organizations[0]) == nil)
    }

    @Test func `when a projector comes or goes, only what it gets or had changes hands`() {
        var random = Seeded(8)
        let holders = (0..<3).map { _ in random.uuid() }
        let comer = random.uuid()
        let (few, many) = (Shares(holders: Set(holders)), Shares(holders: Set(holders + [comer])))
        for organization in (0..<2000).map({ _ in random.uuid() }) {
            let (before, after) = (few.holder(of: organization), many.holder(of: organization))
            #expect(after == before || after == comer)
        }
    }

    @Test func `two runners feed different organizations, and who stays takes over from who leaves`() async throws {
        let crowd = try await Crowd(organizations: 12, runners: 2)
        try await crowd.append()
        #expect(try await crowd.world.settled())
        // Until they know of each other both may have fed all.
        #expect(await crowd.eventually { crowd.isShared })
        crowd.forgetTurns()
        try await crowd.append()
        #expect(try await crowd.world.settled())
        let (first, second) = (crowd.fed(by: 0), crowd.fed(by: 1))
        #expect(first.isDisjoint(with: second))
        #expect(first.union(second) == Set(crowd.organizations))
        #expect(!first.isEmpty && !second.isEmpty)

        await crowd.leave(0)
        try await crowd.append()
        #expect(try await crowd.world.settled())
        #expect(crowd.fed(by: 1) == Set(crowd.organizations))
        try await crowd.end()
    }

    @Test func `who comes gets a share of the work at once`() async throws {
        let crowd = try await Crowd(organizations: 12, runners: 1)
        try await crowd.append()
        #expect(try await crowd.world.settled())
        #expect(crowd.fed(by: 0) == Set(crowd.organizations))
        crowd.join()
        #expect(await crowd.eventually { crowd.isShared })
        crowd.forgetTurns()
        try await crowd.append()
        #expect(try await crowd.world.settled())
        #expect(!crowd.fed(by: 1).isEmpty && crowd.fed(by: 0).isDisjoint(with: crowd.fed(by: 1)))
        try await crowd.end()
    }

    @Test func `who is frozen in the middle of a batch is taken over from, and applies nothing twice when it thaws`()
        async throws
    {
        let crowd = try await Crowd(organizations: 1, runners: 0)
        let organization = crowd.organizations[0]
        let (frozen, thawed) = (Flag(), Flag())
        // It stands before its batch, as a process does that is stopped there, and renews nothing.
        let cold = crowd.join { options in
            options.lease = .milliseconds(300)
            options.beforeBatch = { _ in
                frozen.raise()
                while !thawed.isUp { try? await Task.sleep(for: .milliseconds(5)) }
            }
        }
        try await crowd.append()
        #expect(await crowd.eventually { frozen.isUp })
        try await crowd.refuseRenewals()
        #expect(await crowd.eventually { !crowd.runners[cold].feeds(organization) })
        crowd.join()
        try await crowd.append()
        #expect(try await crowd.world.settled())
        thawed.raise()
        try await crowd.append()
        #expect(try await crowd.world.settled())
        try await crowd.end()
    }

    @Test func `who has let its lease run out gives it up as well when it leaves`() async throws {
        let crowd = try await Crowd(organizations: 1, runners: 0)
        let organization = crowd.organizations[0]
        let late = crowd.join { $0.lease = .milliseconds(300) }
        try await crowd.append()
        #expect(try await crowd.world.settled())
        try await crowd.refuseRenewals()
        #expect(await crowd.eventually { !crowd.runners[late].feeds(organization) })
        try await crowd.end()
    }

    @Test func `a projector that lives and applies nothing is told from one that works, however its heart beats`()
        async throws
    {
        let crowd = try await Crowd(organizations: 1, runners: 0)
        let open = Flag()
        crowd.join { options in
            options.beforeBatch = { _ in
                while !open.isUp { try? await Task.sleep(for: .milliseconds(5)) }
            }
        }
        try await crowd.append()
        var status = try #require(try await crowd.world.models.status().first)
        for _ in 0..<400 where status.stalled < 0.5 || status.heartbeatAge > 0.4 {
            try await Task.sleep(for: .milliseconds(25))
            status = try #require(try await crowd.world.models.status().first)
        }
        #expect(status.stalled >= 0.5 && status.longestStall >= 0.5 && status.heartbeatAge < 0.5)
        #expect(try await crowd.world.models.projectors() == 1)
        open.raise()
        #expect(try await crowd.world.settled())
        status = try #require(try await crowd.world.models.status().first)
        #expect(status.stalled == 0 && status.longestStall == 0)
        #expect(crowd.runners[0].phase == .running)
        try await crowd.end()
        #expect(crowd.runners[0].phase == .ended)
        #expect(try await crowd.world.models.projectors() == 0)
    }

    @Test func `one organization that stands still is seen among others that move`() async throws {
        let crowd = try await Crowd(organizations: 2, runners: 0)
        let (stuck, open) = (crowd.organizations[0], Flag())
        crowd.join { options in
            options.beforeBatch = { organization in
                while organization == stuck && !open.isUp { try? await Task.sleep(for: .milliseconds(5)) }
            }
        }
        var isSeen = false
        for _ in 0..<400 where !isSeen {
            try await crowd.append()
            let status = try #require(try await crowd.world.models.status().first)
            isSeen = status.longestStall >= 0.5 && status.stalled < status.longestStall / 2
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(isSeen)
        open.raise()
        #expect(try await crowd.world.settled())
        try await crowd.end()
    }

    @Test func `what a crashed server lost of the last batches is applied again, also where nothing new comes`()
        async throws
    {
        let crowd = try await Crowd(organizations: 2, runners: 1)
        try await crowd.append()
        #expect(try await crowd.world.settled())
        // As Postgres leaves it after a crash: rows and progress are of the batch before, the log is whole.
        try await crowd.world.execute(
            "DELETE FROM read.deals; DELETE FROM read.deals_totals; DELETE FROM read.progress")
        #expect(try await crowd.world.settled())
        try await crowd.end()
    }
}

/// Runners that share the organizations of one database, and who fed which.
private final class Crowd: Sendable {
    let world: World
    let organizations: [UUID]
    private let state = Mutex(State())
    private struct State {
        var runners: [ProjectionRunner] = []
        var tasks: [Task<Void, Never>] = []
        var turns: [Int: Set<UUID>] = [:]
        var histories: [Histories] = []
    }

    init(organizations count: Int, runners: Int) async throws {
        world = try await World()
        var random = Seeded(60)
        organizations = (0..<count).map { _ in random.uuid() }
        try await world.models.deploy([dealsFile])
        state.withLock { $0.histories = (0..<count).map { Histories(seed: UInt64(100 + $0), streams: 4) } }
        for _ in 0..<runners { join() }
    }

    var runners: [ProjectionRunner] { state.withLock { $0.runners } }

    @discardableResult
    func join(_ adjust: (inout ProjectionRunner.Options) -> Void = { _ in }) -> Int {
        let number = runners.count
        var options = ProjectionRunner.Options()
        options.sweep = .milliseconds(50)
        options.beforeBatch = { [self] organization in
            state.withLock { _ = $0.turns[number, default: []].insert(organization) }
        }
        adjust(&options)
        let runner = ProjectionRunner(world.database.settings(), options: options, log: quiet)
        state.withLock { state in
            state.runners.append(runner)
            state.tasks.append(Task { await runner.run() })
        }
        return number
    }

    func leave(_ number: Int) async {
        let task = state.withLock { $0.tasks[number] }
        task.cancel()
        await task.value
    }

    /// 20 more events in each organization.
    func append() async throws {
        for (number, organization) in organizations.enumerated() {
            let events = state.withLock { $0.histories[number].next(20) }
            try await world.append(events, to: organization)
        }
    }

    func fed(by number: Int) -> Set<UUID> { state.withLock { $0.turns[number] ?? [] } }
    func forgetTurns() { state.withLock { $0.turns = [:] } }

    /// Whether each organization is exactly one runner's.
    var isShared: Bool {
        let runners = runners
        return organizations.allSatisfy { organization in runners.count { $0.feeds(organization) } == 1 }
            && runners.allSatisfy { runner in organizations.contains { runner.feeds($0) } }
    }

    /// Whoever holds a lease by now cannot renew it any more.
    func refuseRenewals() async throws {
        try await world.execute(
            """
            CREATE TABLE public.frozen AS SELECT holder FROM read.lease;
            GRANT SELECT ON public.frozen TO daybook_worker;
            CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF EXISTS (SELECT FROM public.frozen f WHERE f.holder = NEW.holder) THEN RAISE 'frozen'; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON read.lease FOR EACH ROW EXECUTE FUNCTION public.refuse();
            """)
    }

    func eventually(_ condition: () -> Bool) async -> Bool {
        for _ in 0..<1000 {
            if condition() { return true }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    /// All leave, and the tables are what the logs say.
    func end() async throws {
        for number in runners.indices { await leave(number) }
        for found in try await world.models.verify() { #expect(found.equal && found.differences == []) }
        #expect(try await world.number("SELECT count(*) FROM read.lease") == 0)
    }
}
