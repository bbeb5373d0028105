import FoundationEssentials
import Synchronization

/// Streams as commands of this process have left them a moment ago: who makes a record mostly changes it next.
///
/// Nothing is believed for that either (`SettledStreams`): the log takes no unit that was decided on a version which is
/// not the stream's any more.
final class WrittenStreams: Sendable {
    private struct Name: Hashable {
        let organization: UUID
        let stream: UUID
    }
    private struct Entry {
        let loaded: Loaded
        /// The position at which the stream was so.
        let at: Int64
        let until: ContinuousClock.Instant
    }
    private let entries = Mutex<[Name: Entry]>([:])
    private let capacity: Int

    /// For how long one is remembered: as long as a key (`PersonKeys`), since it is the person's words.
    static let belief = Duration.seconds(30)

    /// - Parameter capacity: how many are remembered at most; some kilobytes each.
    init(capacity: Int = 4_096) { self.capacity = capacity }

    /// Those of `ids` that are remembered, into what a decision knows.
    func recall(_ ids: [UUID], of organization: UUID, into known: inout WorkingSet) {
        let now = ContinuousClock.now
        entries.withLock { entries in
            for id in ids {
                guard let entry = entries[Name(organization: organization, stream: id)], entry.until > now else {
                    continue
                }
                known.streams[id] = entry.loaded
                known.recalled.insert(id)
                known.readAt = min(known.readAt, entry.at)
            }
        }
    }

    /// Remembers what a unit whose last event has this position has made of the streams that it wrote.
    func keep(_ streams: [UUID: Loaded], of organization: UUID, at position: Int64) {
        let until = ContinuousClock.now + Self.belief
        entries.withLock { entries in
            if entries.count + streams.count > capacity { entries = [:] }
            for (id, loaded) in streams.prefix(capacity) {
                let name = Name(organization: organization, stream: id)
                // Who wrote before somebody else did may come after.
                if let old = entries[name], old.loaded.version > loaded.version { continue }
                entries[name] = Entry(loaded: loaded, at: position, until: until)
            }
        }
    }

    /// These may have changed.
    func forget(_ ids: [UUID], of organization: UUID) {
        entries.withLock { entries in
            for id in ids { entries[Name(organization: organization, stream: id)] = nil }
        }
    }

    /// Somebody was erased, whose words may be in any of them.
    func forgetAll() { entries.withLock { $0 = [:] } }
}
