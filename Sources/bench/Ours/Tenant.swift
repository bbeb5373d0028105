import EventLog
import FoundationEssentials
import Kernel
import Synchronization
import Vault

/// An organization that is written to, with the head that this process knows of.
final class Tenant: Sendable {
    let id: UUID
    private let keys: OrganizationKeys
    /// One for all its records: what it costs to seal does not depend on whose key it is.
    private let person: PersonKey
    private let known = Atomic<Int64>(0)

    init(_ id: UUID, _ dice: inout Dice) {
        self.id = id
        keys = OrganizationKeys(claim: dice.bytes(32), imports: dice.bytes(32))
        person = PersonKey(bytes: dice.bytes(32))
    }

    /// As many new ones.
    static func several(_ count: Int, _ dice: inout Dice) -> [Tenant] {
        (0..<count).map { _ in Tenant(.v7(at: now(), random: dice.words()), &dice) }
    }

    // MARK: - How far does its log go?

    /// The head, as a server knows it when it decides.
    var head: Position { known.load(ordering: .acquiring) }

    /// It goes at least so far.
    func reaches(_ position: Position) { known.max(position, ordering: .acquiringAndReleasing) }

    // MARK: - What is appended to it?

    /// The next event of a record, as a command with an Idempotency-Key brings it. The first takes a claim and
    /// brings the record's key.
    func unit(for stream: UUID, after version: Int32, readAt: Position, _ dice: inout Dice) -> Unit {
        let piece = Material.shared.pieces[Int(dice.next() & 1023)]
        let actor = Material.shared.members[Int(dice.next() % 50)]
        let key = String(dice.next(), radix: 36)
        let outcome = Outcome(
            actor: actor, keyDigest: keys.keyDigest(actor: actor, idempotencyKey: key),
            requestHash: keys.requestHash(method: "POST", path: "/api/v1/deals", body: piece.data), status: 200)
        let draft = Draft(
            stream: stream, version: version + 1, type: piece.type, schema: 1, data: piece.data,
            private: piece.personal.flatMap { personal in
                let place = SealingPlace(
                    organization: id, stream: stream, version: version + 1, type: piece.type.utf8, schema: 1)
                return SealedParts.bytes([person.seal(personal, .data, of: stream, at: place, nonce: dice.bytes(16))])
            },
            meta: piece.meta, actor: actor, command: keys.commandID(actor: actor, idempotencyKey: key), index: 0)
        var unit = Unit(
            organization: id, drafts: [draft], expected: [stream: version], readAt: readAt, outcome: outcome)
        if version == 0 {
            let digest = keys.claimDigest(scope: "deal.external_id", value: key)
            unit.takes = [Claim(scope: "deal.external_id", digest: digest, stream: stream)]
            unit.keys = [WrappedKey(person: stream, bytes: dice.bytes(64))]
        }
        return unit
    }
}
