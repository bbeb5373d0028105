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
/// the cluster share (FACTS-postgres §2). What comes while one is under way, or soon after it, gathers for the next.
final class Notifier: Sendable {
    /// On which channel heads are named, `organization:position` with commas between, or `all`.
    static let channel = "daybook_events"

    private struct State {
        var heads: [UUID: Position] = [:]
        var isTelling = false
        var isClosed = false
    }
    private let state = Mutex(State())
    private let connection: PipelinedConnection

    /// How long others are left in peace between two notifications: each costs everybody who listens a wake-up.
    private static let pause = Duration.milliseconds(5)

    init(_ settings: ConnectionSettings, log: Logger) {
        // A lost hint delays, it never skips: not worth waiting for a disk.
        connection = PipelinedConnection(
            settings.with(settings: ["synchronous_commit": "off"]), name: "notify", log: log)
    }

    func tell(_ hints: [Hint]) {
        let mustStart = state.withLock { state in
            for hint in hints { state.heads[hint.organization] = hint.head.position }
            defer { state.isTelling = true }
            return !state.isTelling && !state.isClosed
        }
        if mustStart { Task { await run() } }
    }

    private func run() async {
        while true {
            let next = state.withLock { state -> [UUID: Position] in
                defer { state.heads = [:] }
                state.isTelling = !state.heads.isEmpty
                return state.heads
            }
            if next.isEmpty { return }
            let payloads = Self.payloads(next)
            // What cannot be told is found by the sweep.
            _ = try? await connection.query(
                Statement(SQL.notify) {
                    $0.text(Self.channel)
                    $0.texts(payloads)
                })
            try? await Task.sleep(for: Self.pause)
        }
    }

    // MARK: - What does a notification say?

    /// The heads, as many in each as fit into the 8,000 bytes of one; `all` where they would be very many.
    static func payloads(_ heads: [UUID: Position]) -> [String] {
        if heads.count > 4_000 { return ["all"] }
        let names = heads.map { "\($0.key.text):\($0.value)" }
        return stride(from: 0, to: names.count, by: 130).map { start in
            names[start..<min(start + 130, names.count)].joined(separator: ",")
        }
    }

    /// The heads that a payload names; nil: all.
    static func heads(in payload: String) -> [UUID: Position]? {
        var heads: [UUID: Position] = [:]
        for name in payload.split(separator: ",") {
            let parts = name.split(separator: ":")
            guard parts.count == 2, let id = UUID(text: String(parts[0])), let position = Position(parts[1])
            else { return nil }
            heads[id] = position
        }
        return heads
    }

    func close() async {
        state.withLock { $0.isClosed = true }
        await connection.close()
    }
}
