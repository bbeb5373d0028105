import FoundationEssentials
import Kernel
import Logging
import Postgres
import Synchronization

/// Tells which logs have grown: by what this process commits, by what others NOTIFY, and by looking from time to time.
///
/// A hint need only be likely: positions have no holes, so a lost one delays and never skips. The sweep at the start,
/// at each interval and after a lost connection finds what hints did not tell.
public final class Tail: Sendable {
    private struct State {
        /// The head of each organization that the reader was told of, or knew at the start.
        var told: [UUID: Position]
        var news: [UUID: Head] = [:]
        var waiting: CheckedContinuation<Void, Never>?
        var isClosed = false
    }
    private let state: Mutex<State>
    private let reader: LogReader
    private let listener: Listener?
    private let tasks = Mutex<[Task<Void, Never>]>([])

    /// Follows all organizations from the positions given; one that is not named, from its first event.
    ///
    /// `reader` is a worker's. `appender` is this process' own, if it has one; `listen` says where to hear of others;
    /// every `interval` all heads are read.
    public init(
        _ reader: LogReader, from positions: [UUID: Position] = [:], appender: Appender? = nil,
        listen settings: ConnectionSettings? = nil, interval: Duration = .seconds(2), log: Logger
    ) {
        state = Mutex(State(told: positions))
        self.reader = reader
        listener = settings.map { Listener($0, channels: [Notifier.channel], log: log) }
        var started = [Task { [weak self] in await Self.sweep(self, every: interval, log: log) }]
        if let hints = appender?.hints() {
            started.append(Task { [weak self] in for await batch in hints { self?.hear(batch) } })
        }
        if let notifications = listener?.notifications {
            started.append(
                Task { [weak self] in
                    for await notification in notifications { await self?.hear(notification, log: log) }
                })
        }
        let all = started
        tasks.withLock { $0 = all }
    }

    deinit { stop() }

    /// The heads of the logs that have grown since the last call; waits until there is one. Nil: closed, or the task
    /// was cancelled. For one caller at a time.
    public func next() async -> [Hint]? {
        while true {
            let news = state.withLock { state -> [Hint]? in
                if state.isClosed || Task.isCancelled { return nil }
                defer { state.news = [:] }
                return state.news.map { Hint(organization: $0.key, head: $0.value) }
            }
            guard let news else { return nil }
            if !news.isEmpty { return news }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isReady = state.withLock { state in
                        if state.isClosed || !state.news.isEmpty || Task.isCancelled { return true }
                        state.waiting = continuation
                        return false
                    }
                    if isReady { continuation.resume() }
                }
            } onCancel: {
                wake()
            }
        }
    }

    /// Ends; `next` gives nil from now on.
    public func close() async {
        stop()
        await listener?.close()
    }

    private func stop() {
        for task in tasks.withLock({ $0 }) { task.cancel() }
        state.withLock { $0.isClosed = true }
        wake()
    }

    // MARK: - What is heard?

    private func hear(_ hints: [Hint]) {
        state.withLock { state in
            for hint in hints where hint.head.position > state.told[hint.organization, default: 0] {
                state.told[hint.organization] = hint.head.position
                state.news[hint.organization] = hint.head
            }
        }
        wake(onlyForNews: true)
    }

    private func hear(_ heads: [UUID: Head]) {
        hear(heads.map { Hint(organization: $0.key, head: $0.value) })
    }

    private func hear(_ notification: Notification, log: Logger) async {
        do throws(PostgresError) {
            switch notification {
            case .reconnected: hear(try await reader.heads())
            case .message(_, let payload):
                guard let heads = Notifier.heads(in: payload) else { return hear(try await reader.heads()) }
                // Most are this process' own, of which its appender has told.
                let behind = state.withLock { state in
                    heads.compactMap { organization, position in
                        let told = state.told[organization, default: 0]
                        return told < position ? (organization, told) : nil
                    }
                }
                hear(try await reader.heads(beyond: Dictionary(uniqueKeysWithValues: behind)))
            }
        } catch {
            log.debug("a hint was not followed; the sweep will", metadata: ["error": "\(error)"])
        }
    }

    private static func sweep(_ tail: @autoclosure () -> Tail?, every interval: Duration, log: Logger) async {
        while !Task.isCancelled, let reader = tail()?.reader {
            do throws(PostgresError) {
                let heads = try await reader.heads()
                tail()?.hear(heads)
            } catch {
                log.debug("the logs could not be swept", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: interval)
        }
    }

    private func wake(onlyForNews: Bool = false) {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if onlyForNews && state.news.isEmpty { return nil }
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }
}
