import CRM
import EventLog
import FoundationEssentials
import Kernel
import Logging
import Postgres
import Vault

extension People {
    /// All that is known of a person, as one document: the record as it is, every event about it with who, when and
    /// what, the other records of the same person, the records that name it, its files, what it did and from where, and
    /// its access. What was erased is absent.
    ///
    /// Of records that were merged it tells of all: their events and their files, and what names any of them.
    /// - Throws: `person.not_found`, `person.nothing_personal`; `auth.forbidden` to whoever is no owner.
    public func export(_ id: UUID, by caller: Caller) async throws(Problem) -> Reply {
        try Self.permit(caller)
        let subject = try await subject(id, caller.organization)
        let trail = try await trail(of: id, caller.organization)
        var trails = [trail]
        var also = try await others(like: id, trail, caller.organization)
        for other in try await merged(with: id, caller.organization) {
            trails.append(try await self.trail(of: other, caller.organization))
            if !also.contains(other) { also.append(other) }
        }
        var document: [String: JSON] = [
            "person": subject.json(id), "made_at": .string(commands.clock().text),
            "also": .array(also.map { .string($0.text) }),
            "mentioned_by": Trail.mentioning(trails), "acted": trail.deeds,
            "access": try await accessOf(id, caller.organization),
            "position": .integer(trail.last?.position ?? 0),
        ]
        document["files"] = .array(try await files(trails.flatMap(\.files), caller.organization))
        do {
            var events: [Position: JSON] = [:]
            for trail in trails {
                for event in trail.own + trail.shared {
                    events[event.position] = try Self.told(event, trail.opening)
                }
            }
            document["events"] = .array(events.sorted { $0.key < $1.key }.map(\.value))
        } catch {
            log.error("an event could not be told to its person", metadata: ["error": "\(error)"])
            throw .fault
        }
        return Reply(body: JSON.object(document).bytes, position: trail.last)
    }

    static func permit(_ caller: Caller) throws(Problem) {
        guard caller.role == .owner else { throw .forbidden("Only owners may export or erase a person.") }
    }

    private static func told(_ event: RecordedEvent, _ opening: Opening) throws -> JSON {
        let meta = try JSON(parsing: event.meta).object ?? [:]
        var told = meta.filter { ["act", "actor_kind", "behalf", "channel", "import", "request"].contains($0.key) }
        told["position"] = .integer(event.position)
        told["record"] = .string(event.stream.text)
        told["version"] = .integer(Int64(event.version))
        told["type"] = .string(event.type)
        told["occurred_at"] = .string(event.occurredAt.text)
        told["recorded_at"] = .string(event.recordedAt.text)
        told["actor"] = .string(event.actor.text)
        told["data"] = try opening.stored(event).data
        return .object(told)
    }

    /// The files that tell of a person and are there still: what is known of each, and where its bytes are.
    private func files(_ ids: [UUID], _ organization: UUID) async throws(Problem) -> [JSON] {
        var known = WorkingSet(readAt: .max)
        try await commands.load(ids.map { Reference(Attachment.self, $0) }, into: &known, organization)
        return ids.compactMap { id in
            guard let state = known.streams[id]?.state as? Attachment.State, let file = state.content,
                known.streams[id]?.isErased == false, file["removed"] != true
            else { return nil }
            return .object(
                file.values.merging([
                    "id": .string(id.text), "content": .string("/api/v1/attachments/\(id.text)/content"),
                ]) { $1 })
        }
    }

    private func accessOf(_ member: UUID, _ organization: UUID) async throws(Problem) -> JSON {
        func rows(_ sql: String) async throws(Problem) -> Postgres.Result {
            try await access.query(
                Statement(sql) {
                    $0.uuid(organization)
                    $0.uuid(member)
                })
        }
        func time(_ row: Row, _ column: Int) throws(PostgresError) -> JSON {
            .string(Instant(microseconds: try row.timestamptz(column)).text)
        }
        let (credentials, tokens) = (try await rows(SQL.accessOfMember), try await rows(SQL.tokensOfMember))
        guard let credential = credentials.first else { return .null }
        return try access.read { () throws(PostgresError) in
            var ends: [JSON] = []
            for token in tokens { ends.append(["created_at": try time(token, 0), "expires_at": try time(token, 1)]) }
            return [
                "email": .string(try credential.text(0)), "password_changed_at": try time(credential, 1),
                "tokens": .array(ends),
            ]
        }
    }
}

extension People.Subject {
    /// The record as it is now.
    fileprivate func json(_ id: UUID) -> JSON {
        [
            "id": .string(id.text), "entity": .string(entity.name), "version": .integer(Int64(loaded.version)),
            "erased": .bool(loaded.isErased), "record": .object(entity.values(loaded) ?? [:]),
        ]
    }
}

extension Entity {
    /// The values of the record's fields; nil where there is none.
    fileprivate static func values(_ loaded: Loaded) -> [String: JSON]? {
        (loaded.state as? State).flatMap { record($0)?.values }
    }

    /// What the record holds as its own.
    static func claims(_ loaded: Loaded) -> Set<Kernel.Claim> { (loaded.state as? State).map { claims($0) } ?? [] }
}
