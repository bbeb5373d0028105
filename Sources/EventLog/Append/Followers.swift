import FoundationEssentials
import Kernel
import Logging
import Postgres
import Synchronization

/// Those in this process who are told of each commit.
final class Followers: Sendable {
    private struct State {
        var last = 0
        var isClosed = false
        var streams: [Int: AsyncStream<[Hint]>.Continuation] = [:]
    }
    private let state = Mutex(State())

    func follow() -> AsyncStream<[Hint]> {
        let (stream, continuation) = AsyncStream<[Hint]>.makeStream()
        let number = state.withLock { state -> Int? in
            if state.isClosed { return nil }
            state.last += 1
            state.streams[state.last] = continuation
            return state.last
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.streams.removeValue(forKey: number) }
        }
        return stream
    }

    func tell(_ hints: [Hint]) {
        for stream in state.withLock({ Array($0.streams.values) }) { stream.yield(hints) }
    }

    func close() {
        let streams = state.withLock { state in
            state.isClosed = true
            return Array(state.streams.values)
        }
        for stream in streams { stream.finish() }
    }
}

/// Tells other processes by NOTIFY, on a connection of its own: in an append it would take a lock that all commits of
/// the cluster share (FACTS-postgres §2). While one is under way, the next gathers.
final class Notifier: Sendable {
    /// On which channel organizations are named, comma-separated, or `all`.
    static let channel = "daybook_events"

    private struct State {
        var organizations: Set<UUID> = []
        var isTelling = false
        var isClosed = false
    }
    private let state = Mutex(State())
    private let connection: PipelinedConnection

    init(_ settings: ConnectionSettings, log: Logger) {
        // A lost hint delays, it never skips: not worth waiting for a disk.
        connection = PipelinedConnection(
            settings.with(settings: ["synchronous_commit": "off"]), name: "notify", log: log)
    }

    func tell(_ hints: [Hint]) {
        let mustStart = state.withLock { state in
            state.organizations.formUnion(hints.map(\.organization))
            defer { state.isTelling = true }
            return !state.isTelling && !state.isClosed
        }
        if mustStart { Task { await run() } }
    }

    private func run() async {
        while true {
            let next = state.withLock { state -> Set<UUID> in
                defer { state.organizations = [] }
                state.isTelling = !state.organizations.isEmpty
                return state.organizations
            }
            if next.isEmpty { return }
            let payload = Self.payload(next)
            // What cannot be told is found by the sweep.
            _ = try? await connection.query(
                Statement(SQL.notify) {
                    $0.text(Self.channel)
                    $0.text(payload)
                })
        }
    }

    /// The organizations' ids, or `all` where they would not fit into the 8,000 bytes of a notification.
    static func payload(_ organizations: Set<UUID>) -> String {
        organizations.count > 200 ? "all" : organizations.map(\.text).joined(separator: ",")
    }

    /// The organizations of a payload; nil: all.
    static func organizations(_ payload: String) -> [UUID]? {
        let ids = payload.split(separator: ",").map { UUID(uuidString: String($0)) }
        return ids.contains(nil) ? nil : ids.compactMap(\.self)
    }

    func close() async {
        state.withLock { $0.isClosed = true }
        await connection.close()
    }
}
