import CRM
import EventLog
import FoundationEssentials
import Kernel
import Vault

/// Which records an act on many is about: kept like the outcome of a command, for as long, and beside it. Never a body.
struct BulkRecord: Sendable {
    let id: UUID
    let entity: String
    /// The act; `undo` where it takes another back.
    let act: String
    let ids: [UUID]
    /// The act that it takes back.
    var undoes: UUID?
    /// Where the log was when it was begun: what it writes comes after. An act whose record was forgotten may come
    /// again under the same key, with the same id; what it wrote then is before.
    var begun: Position = 0

    /// What every answer says of it.
    var said: [String: JSON] {
        [
            "id": .string(id.text), "entity": .string(entity), "act": .string(act),
            "undoes": undoes.map { .string($0.text) }, "asked": .integer(Int64(ids.count)),
        ].compactMapValues { $0 }
    }

    /// A page of the records.
    func page(from: Int) -> [UUID] { Array(ids.dropFirst(from).prefix(Bulk.page)) }
}

extension BulkRecord {
    fileprivate init?(_ id: UUID, _ stored: StoredOutcome) {
        guard let json = try? JSON(parsing: stored.outcome.detail), let entity = json["entity"]?.string,
            let act = json["act"]?.string
        else { return nil }
        let ids = (json["ids"]?.array ?? []).compactMap { $0.string.flatMap(UUID.init(text:)) }
        self.init(
            id: id, entity: entity, act: act, ids: ids,
            undoes: json["undoes"]?.string.flatMap(UUID.init(text:)), begun: stored.position)
    }
    fileprivate var detail: [UInt8] {
        let members: [String: JSON?] = [
            "entity": .string(entity), "act": .string(act), "ids": .array(ids.map { .string($0.text) }),
            "undoes": undoes.map { .string($0.text) },
        ]
        return JSON.object(members.compactMapValues { $0 }).bytes
    }
}

// MARK: How is it found again?

extension Bulk {
    /// An act of this organization, whoever asked it.
    /// - Throws: `bulk.not_found`.
    func record(_ id: UUID, _ caller: Caller, _ keys: OrganizationKeys) async throws(Problem) -> BulkRecord {
        guard let stored = try await stored(id, caller, keys), let record = BulkRecord(id, stored) else {
            throw .absent("bulk")
        }
        return record
    }

    /// The same where an earlier request began it.
    /// - Throws: `idempotency.key_reused` where that was another request.
    func earlier(_ part: BulkPart) async throws(Problem) -> BulkRecord? {
        guard let stored = try await stored(part.id, part.caller, part.keys) else { return nil }
        guard isEqual(stored.outcome.requestHash, part.hash) else { throw Problem(AppendError.keyReused) }
        return BulkRecord(part.id, stored)
    }

    private func stored(
        _ id: UUID, _ caller: Caller, _ keys: OrganizationKeys
    ) async throws(Problem) -> StoredOutcome? {
        let (organization, digest) = (caller.organization, digest(id, caller, keys))
        do {
            return try await commands.reader.outcome(organization, actor: organization, keyDigest: digest)
        } catch { throw .unavailable }
    }

    /// It belongs to the organization: who may undo it need not be who asked it.
    private func digest(_ id: UUID, _ caller: Caller, _ keys: OrganizationKeys) -> [UInt8] {
        keys.keyDigest(actor: caller.organization, idempotencyKey: "bulk \(id.text)")
    }

    func keep(_ record: BulkRecord, _ part: BulkPart) async throws(Problem) -> BulkRecord {
        let organization = part.caller.organization
        let outcome = Outcome(
            actor: organization, keyDigest: digest(record.id, part.caller, part.keys), requestHash: part.hash,
            status: 200, detail: record.detail)
        let head = try await commands.head(of: organization)
        // It stands on nothing that changes: no stream has the act's id.
        let unit = Unit(
            organization: organization, drafts: [], expected: [record.id: 0], readAt: head.position, outcome: outcome)
        do {
            var kept = record
            kept.begun = try await commands.appender.append(unit).last
            return kept
        } catch {
            // Another process was asked the same at the same time.
            if case .repeated = error { throw .conflict }
            throw Problem(error)
        }
    }
}
