import CRM
import EventLog
import FoundationEssentials
import Kernel
import Vault

/// What became of the records of one request, and where the log was then: what a repeat of it is told again.
///
/// It is kept like the outcome of a command: ids, versions, codes and pointers, never what somebody wrote. Why a record
/// was refused is told by its code; what others had changed is read from the log again.
struct BulkAnswer: Sendable {
    let items: [BulkItem]
    let position: PositionToken
}

// MARK: What does a repeat get?

extension Bulk {
    /// What the same request was answered before; nil where it was not answered, or is to be gone on with.
    func answered(_ part: BulkPart, of record: BulkRecord) async throws(Problem) -> BulkAnswer? {
        guard part.isRepeatable else { return nil }
        let (organization, digest) = (part.caller.organization, part.digest(of: record))
        let stored: StoredOutcome?
        do {
            stored = try await commands.reader.outcome(organization, actor: organization, keyDigest: digest)
        } catch { throw .unavailable }
        guard let stored else { return nil }
        return try await answer(stored, part, of: record)
    }

    /// Keeps what became of the records. Where others were faster with one of them, nothing is kept: a repeat asks that
    /// one again.
    func keep(_ items: [BulkItem], _ part: BulkPart, of record: BulkRecord) async throws(Problem) -> BulkAnswer {
        let organization = part.caller.organization
        let head = try await commands.head(of: organization)
        guard part.isRepeatable, !items.contains(where: \.isOpen) else {
            return BulkAnswer(items: items, position: head)
        }
        let outcome = Outcome(
            actor: organization, keyDigest: part.digest(of: record), requestHash: part.hash, status: 200,
            detail: JSON.object(["items": .array(items.map(\.kept))]).bytes)
        // It stands on nothing that changes: no stream has the act's id.
        let unit = Unit(
            organization: organization, drafts: [], expected: [record.id: 0], readAt: head.position, outcome: outcome)
        do {
            let receipt = try await commands.appender.append(unit)
            return BulkAnswer(items: items, position: PositionToken(position: receipt.last, hash: receipt.leaf))
        } catch {
            // Another process answered the same at the same time.
            if case .repeated(let stored) = error { return try await answer(stored, part, of: record) }
            throw Problem(error)
        }
    }

    private func answer(
        _ stored: StoredOutcome, _ part: BulkPart, of record: BulkRecord
    ) async throws(Problem) -> BulkAnswer {
        guard let kept = try? JSON(parsing: stored.outcome.detail)["items"]?.array else { throw .fault }
        var items = kept.compactMap { BulkItem(kept: $0, of: record.entity) }
        guard items.count == kept.count else { throw .fault }
        let ids = zip(record.ids.dropFirst(part.from), items.indices).filter { !items[$0.1].changed.isEmpty }
        if !ids.isEmpty {
            let read: LoadedStreams
            do {
                read = try await commands.reader.streams(part.caller.organization, ids.map(\.0))
            } catch { throw .unavailable }
            let opening = try await commands.opening(read.events.values.joined(), part.caller.organization)
            for (id, index) in ids {
                let events = (read.events[id] ?? []).filter { items[index].changed.contains($0.version) }
                items[index].tell(changes: opening.changes(events))
            }
        }
        return BulkAnswer(items: items, position: PositionToken(position: stored.position, hash: stored.leaf))
    }
}

extension BulkPart {
    /// Without a key nobody can ask the same again, and a dry run is decided each time.
    fileprivate var isRepeatable: Bool { key != nil && !dryRun }
    /// Under what its answer is kept. When the act was begun is in it: a key that was forgotten begins it anew.
    fileprivate func digest(of record: BulkRecord) -> [UInt8] {
        keys.keyDigest(
            actor: caller.organization, idempotencyKey: "bulk \(record.id.text) \(record.begun) \(from)")
    }
}
