import Dispatch
import EventLog
import FoundationEssentials
import Glibc
import Kernel
import Postgres
import PostgresTesting
import Synchronization
import Testing

/// What happens when the database, another process or the caller goes away.
@Suite struct TroubleTests {
    @Test func `connections killed in mid-batch lose and double nothing`() async throws {
        let world = try await World()
        let appenders = [world.appender(), world.appender()]
        let organization = id()
        let isOver = Mutex(false)
        let killer = Task {
            let pool = BlockingPool(world.database.superuser, size: 1, log: quiet)
            let sql = """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'append'
                """
            while !isOver.withLock({ $0 }) {
                try? await Task.sleep(for: .milliseconds(15))
                _ = try await pool.run { try $0.query(Statement(sql))[0].bigint(0) }
            }
            await pool.close()
        }
        let receipts = try await withThrowingTaskGroup(of: [Receipt].self, returning: [Receipt].self) { group in
            for caller in 0..<16 {
                group.addTask {
                    var receipts: [Receipt] = []
                    for _ in 0..<30 {
                        let unit = opening(caller % 4 == 3 ? id() : organization)
                        receipts.append(try await appenders[caller % 2].append(unit))
                        try await Task.sleep(for: .milliseconds(2))
                    }
                    return receipts
                }
            }
            var all: [Receipt] = []
            for try await some in group { all += some }
            return all
        }
        isOver.withLock { $0 = true }
        try await killer.value
        for appender in appenders { await appender.close() }
        #expect(receipts.count == 480)
        #expect(try await world.number("SELECT count(*) FROM log.event") == 480)
        try await world.expectWhole(organization, events: 360)
        let leaves = Set(try await world.reader.page(organization, after: 0, limit: 1000).map(\.leaf))
        #expect(receipts.count(where: { leaves.contains($0.leaf) }) == 360)
    }

    @Test func `a transaction that keeps a log locked holds up that log only`() async throws {
        let world = try await World()
        let appender = world.appender()
        let (stuck, free) = (id(), id())
        _ = try await appender.append(opening(stuck))
        let isHeld = Mutex(false)
        let mayEnd = Mutex(false)
        let pool = BlockingPool(world.database.settings(role: "daybook_worker"), size: 1, log: quiet)
        let holder = Task {
            try await pool.run { connection in
                try? connection.transaction {
                    try connection.execute(forged(stuck, 2))
                    isHeld.withLock { $0 = true }
                    while !mayEnd.withLock({ $0 }) { try connection.execute("SELECT pg_sleep(0.02)") }
                    throw CancellationError()
                }
            }
        }
        while !isHeld.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
        let waiting = Task { try await appender.append(opening(stuck, readAt: 1)) }
        // The first attempt waits two seconds for the lock; from then on the other log is served meanwhile.
        for _ in 0..<3 { _ = try await appender.append(opening(free)) }
        mayEnd.withLock { $0 = true }
        try await holder.value
        #expect(try await waiting.value.last == 2)
        await appender.close()
        await pool.close()
        try await world.expectWhole(stuck, events: 2)
        try await world.expectWhole(free, events: 3)
    }

    @Test func `a server that restarts is waited for, and one that stays away is told`() async throws {
        let cluster = TestCluster()
        let database = try await cluster.database()
        var limits = Appender.Limits()
        limits.patience = .seconds(2)
        let appender = Appender(database.settings(), limits: limits, clock: now, log: quiet)
        let organization = id()
        _ = try await appender.append(opening(organization))
        try await cluster.restart()
        _ = try await appender.append(opening(organization))
        try await cluster.server.stop()
        let error = await failure { _ = try await appender.append(opening(organization)) }
        guard case .unavailable = error else {
            Issue.record("answered \(String(describing: error))")
            return
        }
        try await cluster.server.start()
        var receipt: Receipt?
        while receipt == nil { receipt = try? await appender.append(opening(organization)) }
        #expect((3...4).contains(receipt?.last ?? 0))
        await appender.close()
        await cluster.stop()
    }

    @Test func `who knows nothing of a queue gives way to the one who stands in it`() async throws {
        let world = try await World()
        let appender = world.appender()
        let organization = id()
        for _ in 0..<2 { _ = try await appender.append(opening(organization)) }
        // It knows the head now, and has no reason to look.
        let pool = BlockingPool(world.database.settings(role: "daybook_worker"), size: 1, log: quiet)
        let queues = Statement("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        let second = try await pool.run { connection in
            try connection.transaction {
                let key = "uuid_hash_extended('\(organization.text)', 0)"
                try connection.execute("SELECT pg_advisory_xact_lock(\(key))")
                let task = Task { try await appender.append(opening(organization, readAt: 2)) }
                for _ in 0..<1_000 where try connection.query(queues)[0].bigint(0) == 0 { usleep(1_000) }
                try connection.execute(forged(organization, 3))
                return task
            }
        }
        #expect(try await second.value.last == 4)
        await pool.close()
        await appender.close()
    }

    @Test func `more than may wait are told to come later, and the rest is appended`() async throws {
        let world = try await World()
        let appender = world.appender(adjust: { $0.waitingUnits = 8 })
        let organization = id()
        let outcomes = await withTaskGroup(of: AppendError?.self, returning: [AppendError?].self) { group in
            for _ in 0..<200 {
                group.addTask { await failure { _ = try await appender.append(opening(organization)) } }
            }
            var all: [AppendError?] = []
            for await one in group { all.append(one) }
            return all
        }
        for case .some(let error) in outcomes {
            guard case .overloaded = error else {
                Issue.record("answered \(error)")
                continue
            }
        }
        let taken = outcomes.count(where: { $0 == nil })
        #expect(taken >= 8 && taken < 200)
        _ = try await appender.append(opening(organization))
        await appender.close()
        try await world.expectWhole(organization, events: taken + 1)
    }

    @Test func `of a hundred thousand units that come at once no more wait than may`() async throws {
        let world = try await World()
        // Nothing is written, and so nothing answered but refusals, until all have come: the clock holds it up.
        let gate = DispatchSemaphore(value: 0)
        let held: @Sendable () -> Instant = {
            gate.wait()
            gate.signal()
            return now()
        }
        let (organization, callers, limit) = (id(), 100_000, 5_000)
        let appender = world.appender(clock: held, adjust: { $0.waitingUnits = limit })
        let appended = await withTaskGroup(of: AppendError?.self) { group in
            for _ in 0..<callers {
                group.addTask { await failure { _ = try await appender.append(opening(organization)) } }
            }
            var (refused, appended) = (0, 0)
            for await error in group {
                switch error {
                case nil: appended += 1
                case .overloaded: refused += 1
                case .some(let error): Issue.record("answered \(error)")
                }
                if refused == callers - limit, appended == 0 { gate.signal() }
            }
            return appended
        }
        gate.signal()
        #expect(appended == limit)
        await appender.close()
        try await world.expectWhole(organization, events: limit)
    }

    @Test func `who gives up while the unit queues has appended nothing`() async throws {
        let world = try await World()
        let appender = world.appender()
        let organization = id()
        let tasks = (0..<300).map { number in
            Task { () -> (Bool, Bool) in
                let error = await failure { _ = try await appender.append(opening(organization)) }
                if case .cancelled = error { return (true, false) }
                return (false, error == nil)
            }
        }
        for task in tasks where Bool.random() { task.cancel() }
        var appended = 0
        for task in tasks {
            let (isCancelled, isAppended) = await task.value
            #expect(isCancelled != isAppended)
            if isAppended { appended += 1 }
        }
        await appender.close()
        try await world.expectWhole(organization, events: appended)
    }

    @Test func `what queues when the appender is closed is appended, and nothing after`() async throws {
        let world = try await World()
        let appender = world.appender()
        let organization = id()
        let tasks = (0..<50).map { _ in
            Task { await failure { _ = try await appender.append(opening(organization)) } }
        }
        await appender.close()
        var appended = 0
        for task in tasks {
            switch await task.value {
            case nil: appended += 1
            case .closed: break
            case .some(let error): Issue.record("answered \(error)")
            }
        }
        try await world.expectWhole(organization, events: appended)
    }
}
