import Glibc
import Kernel
import Postgres
import PostgresTesting
import Testing

@testable import Projections

/// Batches do not wait for the disk: a server that crashes takes the last ones back.
@Suite(.timeLimit(.minutes(3))) struct CrashTests {
    /// A projector knows how far it was. The server has lost that, and just while the projector has read rows that lack
    /// it, another one applies it again: then the progress is as the first knows it.
    @Test func `what was taken back and applied again by another projector is missing in no row`() async throws {
        let world = try await World()
        var histories = Histories(seed: 71, streams: 3)
        try await world.models.deploy([dealsFile])
        // It looks around by itself only at its start.
        var options = ProjectionRunner.Options()
        options.sweep = .seconds(600)
        options.lease = .seconds(600)
        let runner = ProjectionRunner(world.database.settings(), options: options, log: quiet)
        let task = Task { await runner.run() }
        var events: [Told] = []
        for name in ["early", "late"] {
            let more = histories.next(30)
            try await world.append(more)
            events += more
            runner.wake(world.organization)
            #expect(try await world.settled())
            try await world.execute(keep(name))
        }
        // The crash.
        try await world.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                + " WHERE datname = current_database() AND application_name LIKE 'projections%';" + bringBack("early"))
        let more = histories.next(20)
        try await world.append(more)
        events += more
        // The other projector is about to commit.
        try await world.pool.run { connection in
            try connection.transaction {
                try connection.execute("SELECT FROM read.progress FOR UPDATE")
                runner.wake(world.organization)
                try waitForOne(connection)
                try connection.execute(bringBack("late"))
            }
        }
        #expect(try await world.settled())
        task.cancel()
        await task.value
        try await LiveTests.expectEqual(world, events, "after a crash")
    }

    /// Until somebody waits for this transaction.
    private func waitForOne(_ connection: BlockingConnection) throws {
        let waiting = Statement(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid")
        for _ in 0..<20_000 {
            if try connection.query(waiting)[0].bigint(0) > 0 { return }
            usleep(1_000)
        }
        Issue.record("nobody writes")
    }

    private let tables = ["deals", "deals_totals", "progress"]

    private func keep(_ name: String) -> String {
        tables.map { "CREATE TABLE public.\($0)_\(name) AS TABLE read.\($0)" }.joined(separator: ";")
    }

    /// The progress is changed in its place, so that who waits for its row sees it.
    private func bringBack(_ name: String) -> String {
        tables.dropLast().map { "DELETE FROM read.\($0); INSERT INTO read.\($0) TABLE public.\($0)_\(name);" }.joined()
            + "UPDATE read.progress p SET position = k.position, events = k.events, leaf_sum = k.leaf_sum"
            + " FROM public.progress_\(name) k WHERE k.projection = p.projection"
    }
}
