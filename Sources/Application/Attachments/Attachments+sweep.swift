import CRM
import EventLog
import Files
import FoundationEssentials
import Kernel
import Logging
import Vault

// MARK: When do bytes go?

extension Attachments {
    /// Takes away the bytes of attachments that were removed or erased. What fails is left to the sweep.
    func discard(_ ids: some Sequence<UUID>, of organization: UUID) async {
        guard let store = options.store else { return }
        for id in ids {
            do { try await store.remove(FileName(organization, id)) } catch {
                log.warning(
                    "a file could not be taken away yet", metadata: ["attachment": "\(id.text)", "error": "\(error)"])
            }
        }
    }

    /// Hears of commits: what came is scanned, and what was removed goes.
    func written(_ organization: UUID, _ drafts: [Draft]) {
        let registered = drafts.filter { $0.type == "attachment.registered" }.map { FileName(organization, $0.stream) }
        if options.scanner != nil, !registered.isEmpty { pending.add(registered) }
        let removed = drafts.filter { $0.type == "attachment.removed" }.map(\.stream)
        if !removed.isEmpty { Task { await discard(removed, of: organization) } }
    }

    /// For how long bytes without a record are kept: their command may still be under way, or the database may have
    /// been set back and come forward again.
    static let grace = Duration.seconds(7 * 86_400)
    /// Bytes a second: whoever sends fewer is let go, as long as the server takes them.
    static let slowest: Int64 = 8 << 10

    /// For how long a file is being written at the most, by whichever process: a day, or, where files may be so large,
    /// twice as long as the slowest client takes.
    var unfinished: Duration { .seconds(max(86_400, 2 * limit / Self.slowest)) }

    /// Takes away what was never finished, what no record came to, and what should be gone already. Files of
    /// organizations that this database does not know are left alone. What fails keeps nothing else from going.
    /// - Throws: where not all files could be looked at.
    public func sweep(at now: Instant) async throws {
        guard let store = options.store else { return }
        do { try await store.sweep(before: now.before(unfinished)) } catch {
            log.warning("unfinished files could not be taken away yet", metadata: ["error": "\(error)"])
        }
        let known = Set(try await commands.reader.organizations())
        try await store.list { files in
            for (organization, files) in Dictionary(grouping: files, by: \.name.organization) {
                guard known.contains(organization) else { continue }
                var rest = files[...]
                while !rest.isEmpty {
                    try await sweep(rest.prefix(200), of: organization, at: now)
                    rest = rest.dropFirst(200)
                }
            }
        }
    }

    private func sweep(_ files: some Collection<StoredFile>, of organization: UUID, at now: Instant) async throws {
        var known = WorkingSet(readAt: .max)
        let references = files.map { Reference(Attachment.self, $0.name.id) }
        try await commands.load(references, into: &known, organization)
        let states = known.streams.compactMapValues { $0.state as? Attachment.State }
        let persons = Set(states.values.compactMap { Attachment.person($0) })
        let erased = try await commands.standings(of: persons, organization).filter { _, standing in
            switch standing {
            case .erased: true
            case .held: false
            }
        }
        let gone = files.filter { file in
            let id = file.name.id
            guard let loaded = known.streams[id], let content = states[id]?.content else {
                return file.storedAt < now.before(Self.grace)
            }
            let person = states[id].flatMap { Attachment.person($0) }
            return loaded.isErased || content["removed"] == true || person.map { erased[$0] != nil } == true
        }
        if !gone.isEmpty { await discard(gone.map(\.name.id), of: organization) }
    }
}

extension Instant {
    /// So much earlier.
    fileprivate func before(_ duration: Duration) -> Instant {
        Instant(microseconds: microseconds - duration.components.seconds * 1_000_000)
    }
}
