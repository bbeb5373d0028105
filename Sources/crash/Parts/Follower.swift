import EventLog
import Foundation
import Kernel
import Postgres
import Synchronization

/// Follows all logs as a projector does, and keeps what it has seen.
final class Follower: Sendable {
    /// What was seen of a log.
    struct Seen: Sendable {
        /// Its own checkpoint.
        var position: Position = 0
        /// Positions and leaf hashes in the order in which they came.
        var events: [(position: Position, leaf: [UInt8])] = []
    }
    private let logs = Mutex<[UUID: Seen]>([:])
    private let trustsHead: Bool
    private let work = Mutex<Task<Void, Never>?>(nil)

    /// - Parameter trustsHead: the canary.
    init(trustsHead: Bool) { self.trustsHead = trustsHead }

    var seen: [UUID: Seen] { logs.withLock { $0 } }

    /// Follows the logs of a database from where it is; before that, leaves the one it followed.
    func follow(_ url: String) async {
        await leave()
        let task = Task { [self] in
            let settings = ConnectionSettings(url: url, role: "daybook_worker")
            let connection = PipelinedConnection(settings, name: "follower", log: quiet)
            let reader = LogReader(connection)
            let tail = Tail(
                reader, from: seen.mapValues(\.position), listen: settings, interval: .milliseconds(250), log: quiet)
            await withTaskCancellationHandler {
                while let hints = await tail.next() {
                    for hint in hints { await take(hint, reader) }
                }
            } onCancel: {
                Task { await tail.close() }
            }
            await tail.close()
            await connection.close()
        }
        work.withLock { $0 = task }
    }

    func leave() async {
        let task = work.withLock { work in
            defer { work = nil }
            return work
        }
        task?.cancel()
        await task?.value
    }

    private func take(_ hint: Hint, _ reader: LogReader) async {
        let organization = hint.organization
        while !Task.isCancelled {
            let before = seen[organization]?.position ?? 0
            if before >= hint.head.position { return }
            do {
                let events = try await reader.page(organization, after: before, limit: 200)
                // What is committed between the two questions is taken for read.
                let head = trustsHead ? try await reader.head(organization).position : nil
                logs.withLock { logs in
                    logs[organization, default: Seen()].events += events.map { ($0.position, $0.leaf) }
                    logs[organization]?.position = head ?? events.last?.position ?? before
                }
            } catch {
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
