import FoundationEssentials
import Kernel

/// The two random keys of an organization, and what is derived from them (DESIGN §3 and §4).
///
/// Every derivation is an HMAC over a label and parts that carry their lengths, so that no two of them meet.
public struct OrganizationKeys: Sendable {
    /// Bytes of each key.
    public static let length = 32

    private let claim: HMAC
    private let imports: HMAC

    /// Keys as they are stored: 32 bytes each.
    public init(claim: [UInt8], imports: [UInt8]) {
        precondition(claim.count == Self.length && imports.count == Self.length, "a key has 32 bytes")
        self.claim = HMAC(key: claim)
        self.imports = HMAC(key: imports)
    }

    // MARK: - What is unique?

    /// The digest of a value that is unique in a scope ("contact.email"). The value is normalised by the caller.
    public func claimDigest(scope: String, value: String) -> [UInt8] {
        code(claim, "claim", [bytes(scope), bytes(value)])
    }

    // MARK: - What is the same record in another system?

    /// The id of another system's record: a UUIDv8, the same for the same source, entity and external id. Nothing
    /// personal can be guessed from it without the key.
    public func importID(source: String, entity: String, externalID: String) -> UUID {
        UUID.v8(code(imports, "import", [bytes(source), bytes(entity), bytes(externalID)]))
    }

    // MARK: - What is the same command?

    /// The id of a command that came with an Idempotency-Key.
    public func commandID(actor: UUID, idempotencyKey: String) -> UUID {
        UUID.v8(code(claim, "command", [bytes(actor), bytes(idempotencyKey)]))
    }

    /// The id of the command that takes an import back: the same whenever that is done.
    public func commandID(revertingImport id: UUID) -> UUID {
        UUID.v8(code(claim, "revert", [bytes(id)]))
    }

    /// The id of the command by which a policy reacts to the event at `position`, for `target`.
    public func commandID(policy: String, position: Int64, target: UUID) -> UUID {
        let at = withUnsafeBytes(of: position.bigEndian) { [UInt8]($0) }
        return UUID.v8(code(claim, "policy", [bytes(policy), at, bytes(target)]))
    }

    /// What `log.command` stores instead of an Idempotency-Key.
    public func keyDigest(actor: UUID, idempotencyKey: String) -> [UInt8] {
        code(claim, "key", [bytes(actor), bytes(idempotencyKey)])
    }

    /// What `log.command` stores instead of a request: equal for equal method, path and body.
    public func requestHash(method: String, path: String, body: [UInt8]) -> [UInt8] {
        code(claim, "request", [bytes(method), bytes(path), body])
    }

    private func code(_ key: HMAC, _ label: String, _ parts: [[UInt8]]) -> [UInt8] {
        var code = key
        code.update(part: bytes(label))
        for part in parts { code.update(part: part) }
        return code.finish()
    }
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    private func bytes(_ id: UUID) -> [UInt8] { withUnsafeBytes(of: id.uuid) { [UInt8]($0) } }
}
