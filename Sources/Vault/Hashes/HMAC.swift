import CSodium

/// HMAC-SHA-256 (RFC 2104), in one go or piece by piece. A copy of a fresh one saves hashing the key again.
public struct HMAC: Sendable {
    private var inner = SHA256()
    private var outer = SHA256()

    /// A code under `key`, which may have any length; 32 random bytes are right.
    public init(key: [UInt8]) {
        let short = key.count > SHA256.block ? SHA256.hash(key) : key
        let padded = short + Array(repeating: 0, count: SHA256.block - short.count)
        inner.update(padded.map { $0 ^ 0x36 })
        outer.update(padded.map { $0 ^ 0x5C })
    }

    /// Adds bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) { inner.update(bytes) }

    /// Adds bytes.
    public mutating func update(_ bytes: [UInt8]) { inner.update(bytes) }

    /// Adds a part with its length before it, so that ("ab", "c") and ("a", "bc") differ.
    public mutating func update(part: [UInt8]) {
        withUnsafeBytes(of: UInt32(clamping: part.count).bigEndian) { update($0) }
        update(part)
    }

    /// The code of all that was added: 32 bytes.
    public consuming func finish() -> [UInt8] {
        var code = self
        return [UInt8](unsafeUninitializedCapacity: SHA256.length) { buffer, count in
            if let start = buffer.baseAddress { code.finish(into: start) }
            count = SHA256.length
        }
    }

    /// Writes the code of all that was added, 32 bytes, to `code`. Nothing can be added any more.
    mutating func finish(into code: UnsafeMutablePointer<UInt8>) {
        inner.finish(into: code)
        outer.update(UnsafeRawBufferPointer(start: code, count: SHA256.length))
        outer.finish(into: code)
    }

    /// The code of `bytes` under `key`: 32 bytes.
    public static func code(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        var code = HMAC(key: key)
        code.update(bytes)
        return code.finish()
    }

    /// Whether `code` is that of `bytes` under `key`, compared in constant time.
    public static func verify(_ code: [UInt8], of bytes: [UInt8], key: [UInt8]) -> Bool {
        isEqual(HMAC.code(bytes, key: key), code)
    }
}

/// Whether two secrets are equal, in a time that depends on their lengths only.
public func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    Sodium.ready
    return a.count == b.count && (a.isEmpty || sodium_memcmp(a, b, a.count) == 0)
}
