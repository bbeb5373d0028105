import EventLog
import FoundationEssentials
import Kernel
import Logging
import Postgres
import Synchronization

extension ProjectionRunner {
    // MARK: - Who has news?

    /// Hints. What lies behind at the start is found by the sweep.
    func listen() async {
        let reader = LogReader(reading)
        let heads = (try? await reader.heads()) ?? [:]
        let tail = Tail(
            reader, from: heads.mapValues(\.position), appender: appender, listen: settings, interval: .seconds(30),
            log: log)
        while let hints = await tail.next() {
            for hint in hints { agenda.add(hint.organization) }
        }
        await tail.close()
    }

    func sweep() async {
        var next = ContinuousClock.now
        while !Task.isCancelled {
            do throws(PostgresError) {
                if try await isOutdated() { forget() }
                _ = try await reading.query(Statement(SQL.heartbeat))
                let (began, session) = (ContinuousClock.now, reading.session)
                if next <= began {
                    try await look()
                    // With very many organizations a look takes its time; it may not become the work. What it waited
                    // for a connection that was lost is no such time.
                    if reading.session == session { next = .now + (ContinuousClock.now - began) * 20 }
                }
            } catch {
                next = .now
                log.warning("the logs could not be looked at", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: options.sweep)
        }
    }

    /// Finds what lies behind and is ours.
    private func look() async throws(PostgresError) {
        for row in try await reading.query(Statement(SQL.organizationsBehind)) {
            let (organization, position) = (try row.uuid(0), try row.bigint(1))
            guard feeds(organization) else { continue }
            distrust(organization, beyond: position)
            agenda.add(organization)
        }
    }

    /// Forgets what is remembered of an organization where it is more than the database has: batches are not waited for
    /// until they are on the disk, so a server that crashed may have lost the last ones.
    private func distrust(_ organization: UUID, beyond position: Int64) {
        let isAhead = lanes.withLock { lanes in
            guard let lane = lanes[organization], lane.lowest > position else { return false }
            lanes[organization] = nil
            return true
        }
        if isAhead { waits?.forget(organization) }
    }

    /// Renews the lease, and looks around when the others have become other ones.
    func share() async {
        while !Task.isCancelled {
            do throws(PostgresError) {
                if try await lease.renew(reading) { try await look() }
            } catch {
                log.debug("the lease could not be renewed", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: lease.duration / 5)
        }
    }

    /// Whether other projections are live by now than those that are fed.
    private func isOutdated() async throws(PostgresError) -> Bool {
        guard let known = deployment.withLock({ $0 }) else { return false }
        var live: [String] = []
        for row in try await reading.query(Statement(SQL.liveProjections)) {
            live.append("\(try row.text(0)) \(try row.int(1))")
        }
        return live != known.live
    }

    /// Forgets everything: what comes next is read anew.
    func forget() {
        deployment.withLock { $0 = nil }
        lanes.withLock { $0 = [:] }
        waits?.forget()
    }
}
