import CRM
import EventLog
import FoundationEssentials
import Kernel
import Logging
import Postgres
import Projections
import Vault

extension People {
    /// What came of erasing a person.
    public struct Erased: Sendable {
        /// Who: a stream's id.
        public let person: UUID
        /// The kind of record.
        public let entity: String
        /// Where the log stands: at the erasure or after it.
        public private(set) var position: PositionToken
        /// False: it had been done before, and was only finished.
        public let isNew: Bool
        /// Whether the read tables show nothing of the person any more. Where not, the projector lags or does not run:
        /// erasing once more, when it does, finishes that.
        public private(set) var isForgottenByTables: Bool
        /// The other records of the same person that were erased with it: the contact that a lead became.
        public private(set) var also: [UUID] = []
        /// What the log tells of each of these records.
        private var trails: [Trail]

        fileprivate init(_ recorded: Recorded, _ person: UUID, isForgottenByTables: Bool, _ trail: Trail) {
            (self.person, self.entity, self.position) = (person, recorded.entity, recorded.at)
            (self.isNew, self.isForgottenByTables, self.trails) = (recorded.isNew, isForgottenByTables, [trail])
        }

        /// What the log tells of the record that was named.
        fileprivate var trail: Trail { trails[0] }

        /// Whoever waits for the position, or hears that it is forgotten, hears it of both records; and who names
        /// either names the person.
        fileprivate mutating func join(_ other: Erased) {
            also.append(other.person)
            trails += other.trails
            isForgottenByTables = isForgottenByTables && other.isForgottenByTables
            if other.position.position > position.position { position = other.position }
        }

        /// The other records that name the person, a line for each: `deal 0190… (owner_id)`.
        public var mentioning: [String] {
            Trail.mentions(trails).map { "\($0.entity) \($0.id.text) (\($0.members.sorted().joined(separator: ", ")))" }
        }

        /// `{"id","entity","new","tables","also":[…],"mentioned_by":[…],"position"}`.
        public var json: JSON {
            [
                "id": .string(person.text), "entity": .string(entity), "new": .bool(isNew),
                "tables": .string(isForgottenByTables ? "forgotten" : "pending"),
                "also": .array(also.map { .string($0.text) }),
                "mentioned_by": Trail.mentioning(trails), "position": .integer(position.position),
            ]
        }
    }

    /// Erases a person: records `person.erased`, which gives back what was the person's alone, destroys the key, ends
    /// the access of a member, notes it in the register, and folds the rows that told of the person again.
    ///
    /// The order is such that whatever a crash leaves undone is done by erasing once more, and that nothing can be
    /// added to the person's record from the first step on. Erasing twice is harmless.
    ///
    /// Other records of the same person, such as the lead that a contact was, are erased with it.
    /// - Throws: `person.not_found`, `person.nothing_personal`, `person.last_owner`; `auth.forbidden` to whoever is no
    ///   owner.
    public func erase(_ id: UUID, by caller: Caller) async throws(Problem) -> Erased {
        try Self.permit(caller)
        var erased = try await eraseRecord(id, by: caller)
        var open = try await others(like: id, erased.trail, caller.organization)
        while let next = open.popLast() {
            guard next != id, !erased.also.contains(next) else { continue }
            let other = try await eraseRecord(next, by: caller)
            erased.join(other)
            open += try await others(like: next, other.trail, caller.organization)
        }
        return erased
    }

    private func eraseRecord(_ id: UUID, by caller: Caller) async throws(Problem) -> Erased {
        let recorded = try await record(id, by: caller)
        try await destroy(id, caller.organization)
        try await note(id, caller.organization)
        let trail = try await trail(of: id, caller.organization)
        await attachments.discard(trail.files, of: caller.organization)
        let isForgotten = try await refold([id] + trail.shared.map(\.stream), caller.organization, recorded.at)
        return Erased(recorded, id, isForgottenByTables: isForgotten, trail)
    }

    // MARK: - What is recorded?

    fileprivate struct Recorded {
        let entity: String
        let at: PositionToken
        let isNew: Bool
    }

    private func record(_ id: UUID, by caller: Caller) async throws(Problem) -> Recorded {
        for _ in 0..<Commands.attempts {
            if let recorded = try await tryToRecord(id, by: caller) { return recorded }
        }
        throw Problem("stream.conflict", 409, "The person's record is being changed; try again.", retryAfter: 1)
    }

    /// Appends the erasure where it is not there yet. Nil: somebody was faster, look again.
    private func tryToRecord(_ id: UUID, by caller: Caller) async throws(Problem) -> Recorded? {
        let organization = caller.organization
        let subject = try await subject(id, organization)
        if subject.loaded.isErased {
            let head = try await commands.head(of: organization)
            return Recorded(entity: subject.entity.name, at: head, isNew: false)
        }
        var expected = [id: subject.loaded.version]
        if let (other, version) = try await otherOwner(than: id, subject, organization) { expected[other] = version }
        let keys = try await commands.organizationKeys(of: organization)
        var seals = Seals(nonce: { Random.bytes(SealedPart.nonceLength) })
        if caller.origin != nil, caller.actor != id,
            case .held(let key) = try await commands.standings(of: [caller.actor], organization)[caller.actor]
        {
            seals.keys[caller.actor] = key
        }
        let event = PlannedEvent(
            stream: id, version: subject.loaded.version + 1, stored: Erasure.event, personal: [],
            person: id, meta: Metadata.bytes(act: "person.erase", caller), occurredAt: nil, index: 0)
        let released = subject.entity.claims(subject.loaded).map { claim in
            EventLog.Claim(
                scope: claim.scope, digest: keys.claimDigest(scope: claim.scope, value: claim.value), stream: id)
        }
        let unit = Unit(
            organization: organization, drafts: [seals.draft(of: event, command: commands.fresh(), by: caller)],
            expected: expected, readAt: subject.readAt, releases: released)
        do {
            let receipt = try await commands.carry(unit)
            let at = PositionToken(position: receipt.last, hash: receipt.leaf)
            return Recorded(entity: subject.entity.name, at: at, isNew: true)
        } catch {
            guard case .moved = error else { throw Problem(error) }
            return nil
        }
    }

    /// Somebody must be left who may do this: another owner who can log in, whom nobody erases at the same time.
    private func otherOwner(
        than id: UUID, _ subject: Subject, _ organization: UUID
    ) async throws(Problem) -> (UUID, Int32)? {
        guard subject.entity == Member.self, let state = subject.loaded.state as? Member.State,
            case .active(let member) = state, member.text("role") == Role.owner.rawValue
        else { return nil }
        var known = WorkingSet(readAt: .max)
        if let other = try await commands.owner(besides: [id], &known, organization) {
            return (other, known.streams[other]?.version ?? 0)
        }
        throw Problem(
            "person.last_owner", 409,
            "This is the only owner who can log in. Make another member an owner, with a password, first.")
    }

    // MARK: - What is destroyed?

    private func destroy(_ id: UUID, _ organization: UUID) async throws(Problem) {
        do {
            try await commands.persons.destroy(organization, id)
            _ = try await database.run([
                Statement(SQL.dropCredential) {
                    $0.uuid(organization)
                    $0.uuid(id)
                },
                Statement(SQL.dropTokensOfMember) {
                    $0.uuid(organization)
                    $0.uuid(id)
                },
                Statement(SQL.tellErased) {
                    $0.text(Erasures.channel)
                    $0.text(Erasures.payload(organization, id))
                },
            ])
        } catch { throw .unavailable }
        access.known.forget(organization, [id])
        commands.written.forgetAll()
    }

    private func note(_ id: UUID, _ organization: UUID) async throws(Problem) {
        guard let register else { return }
        let rows = try await access.query(
            Statement(SQL.erasedAt) {
                $0.uuid(organization)
                $0.uuid(id)
            })
        let at = try access.read { () throws(PostgresError) in try rows.first?.timestamptz(orNil: 0) }
        let moment = at.map { Instant(microseconds: $0) } ?? commands.clock()
        do {
            try register.note([ErasureRegister.Entry(organization: organization, person: id, erasedAt: moment)])
        } catch {
            throw Problem("person.register_failed", 500, "The key is destroyed. \(error) Then erase once more.")
        }
    }

    // MARK: - What do the read tables tell?

    /// Folds the person's rows again once the projections have seen the erasure: from then on no projector holds the
    /// key. False: they have not yet.
    private func refold(
        _ streams: [UUID], _ organization: UUID, _ position: PositionToken
    ) async throws(Problem) -> Bool {
        do {
            let live = Set(try await models.status().filter { $0.state == "live" }.map(\.projection))
            let isReached = await waits.wait(
                for: organization, position: position.position, projections: live, timeout: patience)
            try await models.refold(organization: organization, streams: Array(Set(streams)))
            return isReached
        } catch {
            log.error("rows could not be folded again", metadata: ["error": "\(error)"])
            return false
        }
    }

    // MARK: - What does a restore do?

    /// Erases again whom the register names and the database does not know as erased: it comes from a backup that is
    /// older. To be done before anything is served.
    /// - Returns: how many were erased, and how many the database does not have at all.
    /// - Throws: `RegisterError`, `Problem`.
    public func replay(_ register: ErasureRegister) async throws -> (erased: Int, unknown: Int) {
        var (erased, unknown) = (0, 0)
        for entry in try register.entries() {
            do throws(Problem) {
                if try await record(entry.person, by: .operating(on: entry.organization)).isNew { erased += 1 }
                try await destroy(entry.person, entry.organization)
            } catch {
                guard error.code == "person.not_found" else { throw error }
                unknown += 1
            }
        }
        return (erased, unknown)
    }

    /// Notes in the register whom the database knows as erased and the register does not: what a crash left out.
    /// - Throws: `RegisterError`, `PostgresError`.
    public func completeRegister() async throws {
        guard let register else { return }
        let rows = try await database.query(Statement(SQL.allErased))
        var entries: [ErasureRegister.Entry] = []
        for row in rows {
            entries.append(
                ErasureRegister.Entry(
                    organization: try row.uuid(0), person: try row.uuid(1),
                    erasedAt: Instant(microseconds: try row.timestamptz(2))))
        }
        if !entries.isEmpty { try register.note(entries) }
    }
}
