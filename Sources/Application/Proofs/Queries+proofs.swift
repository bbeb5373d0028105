import Audit
import EventLog
import Foundation
import Kernel
import Postgres

extension Queries {
    /// The last signed head of the caller's log.
    /// - Throws: `checkpoint.not_signed` (503) in the moment before the first one is signed, `log.key_missing` (409).
    public func checkpoint(by caller: Caller, min: PositionToken? = nil) async throws(Problem) -> PublishedHead {
        let organization = caller.organization
        let question = Question(
            organization: organization, projections: [], min: min,
            statements: [.head(organization, atMost: .max), .keys(organization)])
        let answer = try await ask(question, on: points)
        return try reading {
            let keys = try answer.results[1].keys()
            guard let row = answer.results[0].first else { throw Problem.unsigned(keys) }
            return try PublishedHead(row, keys, answer.position)
        }
    }

    /// The evidence that an event is in the log: its line, and the way from its leaf to a signed root. One round trip.
    /// Parameters: `position`, and `size`, that of a signed head; the last one where it is not given.
    ///
    /// The line holds what happened to any record, so it is for owners and auditors.
    /// - Throws: `event.not_found` (404), `checkpoint.not_found` (404), `checkpoint.not_signed` (503), `log.forked`
    ///   (409) where the log never was so long, `log.damaged` (500) where its hashes do not prove the line.
    public func inclusion(
        _ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil
    ) async throws(Problem) -> Reply {
        try Self.permit(caller)
        let (position, size) = try Numbers(parameters).range("position", "size", from: 1)
        let organization = caller.organization
        let event = Statement(SQL.proofEvent) {
            $0.uuid(organization)
            $0.bigint(position)
        }
        let question = Question(
            organization: organization, projections: [], min: min,
            statements: [
                event, .head(organization, atMost: size ?? .max), .keys(organization),
                .nodes(organization, leaf: position - 1, size: size),
            ])
        let answer = try await ask(question, on: points)
        return try reading {
            let keys = try answer.results[2].keys()
            try Self.check(size, answer.position)
            guard let row = answer.results[0].first, try row.bigint(1) == position else {
                throw Problem("event.not_found", 404, "The log has no event at position \(position) yet.")
            }
            let line = try RecordedEvent(row).line
            guard let row = answer.results[1].first else { throw Problem.unsigned(keys) }
            let head = try PublishedHead(row, keys, answer.position)
            guard size == nil || size == head.checkpoint.size else { throw Problem.noHead(of: size ?? 0) }
            guard position <= head.checkpoint.size else { throw Problem.unsigned(keys) }
            let plan = ProofPlan.inclusion(of: position - 1, in: head.checkpoint.size)
            let path = try answer.results[3].path(plan)
            let proof = InclusionProof(index: position - 1, size: head.checkpoint.size, path: path)
            guard proof.verifies(leaf: MerkleTree.leaf(line), root: head.checkpoint.root) else {
                throw Problem.damagedLog
            }
            let evidence = Evidence(
                line: line, index: proof.index, size: proof.size, proof: path, checkpoint: head.note,
                key: head.key?.text ?? "")
            return Reply(body: evidence.json.bytes, position: answer.position)
        }
    }

    /// The proof that the log of `from` events is the beginning of the log of `to`: that nothing was changed or taken
    /// away between them. Of `to`, the last signed head where it is not given. One round trip.
    /// - Throws: `log.forked` (409) where the log never was so long; `checkpoint.not_signed` (503), `log.damaged`
    ///   (500).
    public func consistency(
        _ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil
    ) async throws(Problem) -> Reply {
        let (from, to) = try Numbers(parameters).range("from", "to", from: 0)
        let organization = caller.organization
        let question = Question(
            organization: organization, projections: [], min: min,
            statements: [
                .head(organization, atMost: to ?? .max), .keys(organization),
                .nodes(organization, leaf: from - 1, size: to),
            ])
        let answer = try await ask(question, on: points)
        return try reading {
            let keys = try answer.results[1].keys()
            try Self.check(from, answer.position)
            try Self.check(to, answer.position)
            let head = try answer.results[0].first.map { try PublishedHead($0, keys, answer.position) }
            guard let size = to ?? head?.checkpoint.size, size >= from else { throw Problem.unsigned(keys) }
            let path = try answer.results[2].path(.consistency(from: from, to: size))
            let signed = head?.checkpoint.size == size ? head : nil
            let json: JSON = [
                "from": .integer(from), "to": .integer(size),
                "proof": .array(path.map { .string(Data($0).base64EncodedString()) }),
                "checkpoint": signed.map { .string($0.note) } ?? .null,
                "key": (signed?.key?.text).map { .string($0) } ?? .null,
            ]
            return Reply(body: json.bytes, position: answer.position)
        }
    }

    private static func permit(_ caller: Caller) throws(Problem) {
        switch caller.role {
        case .owner, .auditor: return
        case .member, .viewer: throw .forbidden("Only owners and auditors may read lines of the log.")
        }
    }

    /// A log that somebody has seen longer than it is was set back.
    private static func check(_ size: Int64?, _ head: PositionToken) throws(Problem) {
        guard let size, size > head.position else { return }
        throw .forked(PositionToken(position: size, hash: nil))
    }
}

/// A signed head, and which key it is signed by.
public struct PublishedHead: Sendable {
    /// What it says.
    public let checkpoint: Checkpoint
    /// The C2SP signed note.
    public let note: String
    /// The key in force there, by the log.
    public let key: VerifierKey?
    /// When it was signed.
    public let signedAt: Instant
    /// Where the log itself is.
    public let position: PositionToken

    /// From a row of `signed_head`.
    init(_ row: Row, _ keys: KeyHistory, _ position: PositionToken) throws {
        note = try row.text(2)
        guard let checkpoint = SignedNote(note).flatMap(Checkpoint.init), checkpoint.size == (try row.bigint(0)) else {
            throw Problem.damagedLog
        }
        self.checkpoint = checkpoint
        key = keys.inForce(at: checkpoint.size)
        signedAt = Instant(microseconds: try row.timestamptz(3))
        self.position = position
    }

    /// As an object: the note with its parts beside it.
    public var json: JSON {
        [
            "origin": .string(checkpoint.origin), "size": .integer(checkpoint.size),
            "root": .string(Data(checkpoint.root).base64EncodedString()), "checkpoint": .string(note),
            "key": (key?.text).map { .string($0) } ?? .null, "signed_at": .string(signedAt.text),
        ]
    }
}

// MARK: - What is asked, and what comes back?

/// Query parameters that are numbers.
private struct Numbers {
    private let values: [String: Int64]

    init(_ parameters: [Parameter]) throws(Problem) {
        var values: [String: Int64] = [:]
        for parameter in parameters {
            guard let value = Int64(parameter.value), value >= 0, String(value) == parameter.value else {
                throw .parameter(parameter.name, "\(parameter.name) is a whole number of events, such as 1024.")
            }
            values[parameter.name] = value
        }
        self.values = values
    }

    /// A number that must be there, and one beyond it that may be.
    func range(_ first: String, _ second: String, from least: Int64) throws(Problem) -> (Int64, Int64?) {
        guard let low = values[first], low >= least else {
            throw .parameter(first, "\(first) must be given: a whole number from \(least) on.")
        }
        if let high = values[second], high < low {
            throw .parameter(second, "\(second) cannot be smaller than \(first).")
        }
        return (low, values[second])
    }
}

extension Statement {
    fileprivate static func head(_ organization: UUID, atMost size: Int64) -> Statement {
        Statement(SQL.signedHead) {
            $0.uuid(organization)
            $0.bigint(size)
        }
    }
    fileprivate static func keys(_ organization: UUID) -> Statement {
        Statement(SQL.logKeys) { $0.uuid(organization) }
    }
    fileprivate static func nodes(_ organization: UUID, leaf: Int64, size: Int64?) -> Statement {
        Statement(SQL.proofNodes) {
            $0.uuid(organization)
            // Beyond any log; further on the numbers of nodes would not fit.
            $0.bigint(Swift.min(leaf, 1 << 61))
            $0.bigint(size)
        }
    }
}

extension Postgres.Result {
    /// Of `log_keys`.
    fileprivate func keys() throws(PostgresError) -> KeyHistory {
        var keys = KeyHistory()
        for row in self { keys.take(type: try row.text(1), data: try row.bytea(2), at: try row.bigint(0)) }
        return keys
    }

    /// Of `proof_nodes`: the hashes of the plan.
    fileprivate func path(_ plan: ProofPlan) throws -> [[UInt8]] {
        var hashes: [MerkleTree.Node: [UInt8]] = [:]
        for row in self {
            let hash = try row.bytea(2)
            if hash.count == MerkleTree.length {
                hashes[MerkleTree.Node(level: Int(try row.int(0)), index: try row.bigint(1))] = hash
            }
        }
        guard let path = plan.hashes({ hashes[$0] }) else { throw Problem.damagedLog }
        return path
    }
}

extension Problem {
    /// What is asked about is not signed yet, or never will be.
    fileprivate static func unsigned(_ keys: KeyHistory) -> Problem {
        guard keys.keys.isEmpty else {
            return Problem(
                "checkpoint.not_signed", 503, "The log's head is signed within a second of its growth; ask again.",
                retryAfter: 1)
        }
        return Problem(
            "log.key_missing", 409, "No key signs this log. An owner makes one by POST /api/v1/audit/rotate_key.")
    }
    fileprivate static func noHead(of size: Int64) -> Problem {
        Problem(
            "checkpoint.not_found", 404,
            "No head of \(size) events was signed. Leave size out for the last one that was.")
    }
    /// What is stored is not what was proved.
    static let damagedLog = Problem(
        "log.damaged", 500, "The log's hashes do not prove what it holds. `daybook audit verify` says where.")
}
