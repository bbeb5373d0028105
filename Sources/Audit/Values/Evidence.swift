import EventLog
import FoundationEssentials
import Kernel

/// What proves one event to somebody who has nothing else: its line, the way from its leaf to a signed root, and the
/// key.
public struct Evidence: Sendable, Hashable {
    /// The line, without a line feed.
    public let line: [UInt8]
    /// The leaf's index in the tree: position − 1.
    public let index: Int64
    /// How many leaves the tree has.
    public let size: Int64
    /// The audit path (RFC 6962 §2.1.1), from the leaf upwards: 32 bytes each.
    public let proof: [[UInt8]]
    /// The signed head, a C2SP checkpoint.
    public let checkpoint: String
    /// The key that signed it, a C2SP vkey.
    public let key: String

    /// Evidence that was put together.
    public init(line: [UInt8], index: Int64, size: Int64, proof: [[UInt8]], checkpoint: String, key: String) {
        (self.line, self.index, self.size) = (line, index, size)
        (self.proof, self.checkpoint, self.key) = (proof, checkpoint, key)
    }

    /// Reads the JSON object of a file.
    public init(parsing text: String) throws(AuditError) {
        let json: JSON
        do { json = try JSON(parsing: text) } catch { throw .notEvidence(error.reason.rawValue) }
        guard let line = json["line"]?.string, let index = json["index"]?.integer, let size = json["size"]?.integer,
            let proof = json["proof"]?.array, let checkpoint = json["checkpoint"]?.string,
            let key = json["key"]?.string
        else { throw .notEvidence("it has the members line, index, size, proof, checkpoint and key") }
        let hashes = proof.map { $0.string.flatMap { Data(base64Encoded: $0) }.map { [UInt8]($0) } ?? [] }
        guard hashes.allSatisfy({ $0.count == 32 }) else { throw .notEvidence("a hash of the proof is 32 bytes") }
        self.init(
            line: Array(line.utf8), index: index, size: size, proof: hashes, checkpoint: checkpoint, key: key)
    }

    /// The JSON object.
    public var json: JSON {
        [
            "line": .string(String(decoding: line, as: UTF8.self)), "index": .integer(index), "size": .integer(size),
            "proof": .array(proof.map { .string(Data($0).base64EncodedString()) }), "checkpoint": .string(checkpoint),
            "key": .string(key),
        ]
    }

    /// What is wrong with it for somebody who trusts `key`, a vkey from another source. Nothing: it is in the log.
    public func check(key: String) throws(AuditError) -> AuditReport {
        let trusted = try AuditError.key(key)
        var findings: [Finding] = []
        var organization: UUID?
        let position = index + 1
        do throws(EventLine.Malformed) {
            let event = try EventLine.parse(line)
            organization = event.organization
            if event.position != position {
                findings.append(Finding(.swapped, at: position, "the line says that it stands at \(event.position)"))
            }
        } catch {
            let words = "the line is none of a log, at byte \(error.offset): \(error.reason.rawValue)"
            findings.append(Finding(.rowChanged, at: position, words))
        }
        guard let head = SignedHead(note: checkpoint), let root = head.root else {
            findings.append(Finding(.headForged, at: size, "the checkpoint is none"))
            return report(organization, nil, findings)
        }
        if head.size != size {
            findings.append(Finding(.headForged, at: size, "the checkpoint is of \(head.size) events"))
        }
        let inclusion = InclusionProof(index: index, size: size, path: proof)
        if !inclusion.verifies(leaf: MerkleTree.leaf(line), root: root) {
            let words = "the proof does not lead from the line to the root of the checkpoint"
            findings.append(Finding(.rowChanged, at: position, words))
        }
        if !head.isSigned(by: trusted) {
            findings.append(Finding(.signature, at: size, "the checkpoint is not signed by the key that was given"))
        }
        return report(organization, root, findings)
    }

    private func report(_ organization: UUID?, _ root: [UInt8]?, _ findings: [Finding]) -> AuditReport {
        AuditReport(organization: organization, size: size, root: root, key: key, findings: findings)
    }
}
