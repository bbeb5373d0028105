import CRM
import FoundationEssentials
import Kernel
import Synchronization

/// Streams that nearly every command reads and that hardly ever change: the organization and its definitions of fields.
/// They are remembered as they were read, so that not every command has to read them.
///
/// Nothing is believed for that: a unit that was decided on them relies on their versions, and the log does not take it
/// where one has changed, whoever changed it. What writes nothing, a refusal or a trial, is decided on what is read.
final class SettledStreams: Sendable {
    private struct Entry {
        let loaded: Loaded
        /// A position at which the stream was so; the later, the less the appender has to look up.
        var at: Int64
    }
    /// By their organization and themselves.
    private let entries = Mutex<[UUID: [UUID: Entry]]>([:])
    private let capacity: Int

    /// - Parameter capacity: of how many organizations something is remembered at most.
    init(capacity: Int = 10_000) { self.capacity = capacity }

    /// Those of `ids` that are remembered, into what a decision knows.
    func recall(_ ids: [UUID], of organization: UUID, into known: inout WorkingSet) {
        let own = entries.withLock { $0[organization] } ?? [:]
        for id in ids {
            guard let entry = own[id] else { continue }
            known.streams[id] = entry.loaded
            known.recalled.insert(id)
            known.readAt = min(known.readAt, entry.at)
        }
    }

    /// Remembers those of what was read that are of this kind.
    func keep(_ known: WorkingSet, of organization: UUID) {
        let read = known.streams.filter { isSettled($0.key, organization) && !known.recalled.contains($0.key) }
        if read.isEmpty { return }
        entries.withLock { entries in
            if entries.count >= capacity, entries[organization] == nil { entries = [:] }
            for (id, loaded) in read {
                // Who read before somebody else did may come after.
                if let old = entries[organization]?[id], old.loaded.version > loaded.version { continue }
                entries[organization, default: [:]][id] = Entry(loaded: loaded, at: known.readAt)
            }
        }
    }

    /// The log took a unit that relied on these versions: what it did not write was so still when it stood there.
    func confirm(_ versions: [UUID: Int32], except written: [UUID], of organization: UUID, at position: Int64) {
        entries.withLock { entries in
            for (id, version) in versions where isSettled(id, organization) {
                if written.contains(id) {
                    entries[organization]?[id] = nil
                } else if let entry = entries[organization]?[id], entry.loaded.version == version {
                    entries[organization]?[id]?.at = max(entry.at, position)
                }
            }
        }
    }

    /// One of them has changed.
    func forget(_ organization: UUID) { entries.withLock { entries in entries[organization] = nil } }

    private func isSettled(_ id: UUID, _ organization: UUID) -> Bool {
        id == organization || SettledStreams.fieldSets.contains(id)
    }
    private static let fieldSets = Set(FieldSet.customizable.map { FieldSet.id(of: $0) })
}
