import CCrypto

/// AES-256 in Galois/Counter Mode (NIST SP 800-38D): 32-byte keys, 12-byte initialisation vectors, 16-byte tags, which
/// follow the ciphertext.
enum AESGCM {
    static let tag = 16
    static let keyLength = 32
    static let vectorLength = 12

    /// Looked up once: a look-up costs more than sealing.
    nonisolated(unsafe) private static let cipher = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)

    /// The ciphertext and its tag.
    static func seal(
        _ plain: UnsafeRawBufferPointer, key: UnsafePointer<UInt8>, vector: UnsafePointer<UInt8>,
        about associated: UnsafeRawBufferPointer
    ) -> [UInt8] {
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        return [UInt8](unsafeUninitializedCapacity: plain.count + tag) { out, count in
            var length: Int32 = 0
            let isSealed =
                EVP_EncryptInit_ex2(context, cipher, key, vector, nil) == 1
                && EVP_EncryptUpdate(context, nil, &length, bytes(associated), Int32(associated.count)) == 1
                && EVP_EncryptUpdate(context, out.baseAddress, &length, bytes(plain), Int32(plain.count)) == 1
                && EVP_EncryptFinal_ex(context, out.baseAddress.map { $0 + plain.count }, &length) == 1
                && EVP_CIPHER_CTX_ctrl(
                    context, EVP_CTRL_AEAD_GET_TAG, Int32(tag), out.baseAddress.map { $0 + plain.count }) == 1
            precondition(isSealed, "OpenSSL does not encrypt: it has no memory, or no AES-256-GCM")
            count = plain.count + tag
        }
    }

    /// The plaintext; nil where the tag is not that of this key, vector, ciphertext and associated data.
    static func open(
        _ sealed: UnsafeRawBufferPointer, key: UnsafePointer<UInt8>, vector: UnsafePointer<UInt8>,
        about associated: UnsafeRawBufferPointer
    ) -> [UInt8]? {
        guard sealed.count >= tag, let start = sealed.baseAddress else { return nil }
        let size = sealed.count - tag
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        var isOpen = false
        let plain = [UInt8](unsafeUninitializedCapacity: size) { out, count in
            var length: Int32 = 0
            isOpen =
                EVP_DecryptInit_ex2(context, cipher, key, vector, nil) == 1
                && EVP_DecryptUpdate(context, nil, &length, bytes(associated), Int32(associated.count)) == 1
                && EVP_DecryptUpdate(context, out.baseAddress, &length, bytes(sealed), Int32(size)) == 1
                && EVP_CIPHER_CTX_ctrl(
                    context, EVP_CTRL_AEAD_SET_TAG, Int32(tag), UnsafeMutableRawPointer(mutating: start + size)) == 1
                && EVP_DecryptFinal_ex(context, out.baseAddress.map { $0 + size }, &length) == 1
            count = isOpen ? size : 0
        }
        return isOpen ? plain : nil
    }

    private static func bytes(_ buffer: UnsafeRawBufferPointer) -> UnsafePointer<UInt8>? {
        buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    }
}
