import FoundationEssentials
import Kernel
import Vault

/// Who is answered: one for each submitted unit of this appender.
typealias Ticket = Int

/// The answer to a unit.
typealias Answer = Swift.Result<Receipt, AppendError>

/// A unit that waits, with what was learned about it on the way.
struct Pending: Sendable {
    /// With whom a unit may share a batch. Narrowed when a batch failed and nobody knows through whom.
    enum Isolation: Sendable { case none, organization, unit }

    /// What stays as it is while the unit waits: one object, because the rest is moved from list to list.
    private final class Submission: Sendable {
        let unit: Unit
        let stems: [EventLine.Stem]
        let bytes: Int

        init(_ unit: Unit) {
            self.unit = unit
            stems = unit.drafts.map { EventLine.Stem($0, in: unit.organization) }
            bytes = zip(unit.drafts, stems).reduce(256) { sum, next in
                let (draft, stem) = next
                return sum + 512 + draft.data.count + draft.meta.count + (draft.private?.count ?? 0) + stem.count
            }
        }
    }

    var ticket: Ticket
    private let submission: Submission
    /// It lost a race, or shares a claim or a key with a unit before it: look what became of those before trying.
    var isSuspect = false
    var isolation = Isolation.none
    /// How often it was in a batch that failed.
    var attempts = 0
    /// The head was read after this unit was submitted.
    var sawHead = false
    /// Claims and key were looked up, with the answers in the planner's `known`.
    var wasLookedUp = false

    init(ticket: Ticket, unit: Unit) {
        self.ticket = ticket
        submission = Submission(unit)
    }

    var unit: Unit { submission.unit }
    /// Of each draft, in order.
    var stems: [EventLine.Stem] { submission.stems }
    /// About how much memory it takes.
    var bytes: Int { submission.bytes }
    /// What it adds to a batch; a decision without events counts as one.
    var events: Int { max(unit.drafts.count, 1) }
}

// MARK: - What can no log hold?

extension Unit {
    /// The fault of the program that built this unit, if there is one.
    var fault: String? {
        if drafts.isEmpty, !takes.isEmpty || !releases.isEmpty { return "claims change only together with events" }
        if drafts.count > 10_000 { return "a unit has at most 10,000 events" }
        var next = expected
        for draft in drafts {
            guard let before = next[draft.stream] else { return "a written stream has no expected version" }
            guard draft.version == before + 1 else { return "an event's version does not follow the expected one" }
            next[draft.stream] = draft.version
            if let fault = draft.fault { return fault }
        }
        for claim in takes + releases where claim.digest.count != 32 { return "a claim's digest has 32 bytes" }
        for key in keys where expected[key.person] != 0 { return "a key is born with the first event of its stream" }
        for claim in takes where expected[claim.stream] == nil { return "a claim is taken for a stream not written" }
        if takes.count > 1, Set(takes.map { ClaimKey(organization, $0) }).count < takes.count {
            return "a unit takes a claim twice"
        }
        if let outcome {
            if outcome.keyDigest.count != 32 || outcome.requestHash.count != 32 {
                return "an outcome's hashes have 32 bytes"
            }
            if !outcome.detail.isOneObject { return "an outcome's detail is not one compact JSON object" }
        }
        return nil
    }
}

extension Draft {
    fileprivate var fault: String? {
        let isName = type.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
                UInt8(ascii: "."):
                true
            default: false
            }
        }
        if !isName || type.utf8.count(where: { $0 == UInt8(ascii: ".") }) != 1 { return "an event's type is no name" }
        if schema < 1 || index < 0 { return "an event's schema or index is out of range" }
        if !data.isOneObject || !meta.isOneObject { return "an event's data or meta is not one compact JSON object" }
        return nil
    }
}

extension [UInt8] {
    /// Looks at the ends and for control characters, which would break the line; Postgres parses the rest.
    fileprivate var isOneObject: Bool {
        first == UInt8(ascii: "{") && last == UInt8(ascii: "}") && allSatisfy { $0 >= 0x20 }
    }
}
