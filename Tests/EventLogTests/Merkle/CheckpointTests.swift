import EventLog
import Testing
import Vault

/// Signed heads, and what only looks like one.
@Suite struct CheckpointTests {
    private let key = SigningKey(seed: Array(0..<32))
    private let head = Checkpoint(origin: "daybook/x", size: 7, root: MerkleTree.leaf([]))

    @Test func `a signed head is read back, and its signature holds`() throws {
        let note = head.signed(with: key)
        let verifier = try #require(VerifierKey(name: "daybook/x", publicKey: key.publicKey))
        let read = try #require(SignedNote(note.text))
        #expect(read == note)
        #expect(Checkpoint(read) == head)
        #expect(read.isSigned(by: verifier))
        #expect(VerifierKey(verifier.text) == verifier)
    }

    /// RFC 8032 §7.1, test 1, and the example of C2SP signed-note.
    @Test func `keys and notes of others are understood`() throws {
        let seed: [UInt8] = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
            0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
        ]
        let signature = SigningKey(seed: seed).sign([])
        #expect(signature.prefix(4) == [0xe5, 0x56, 0x43, 0x00])
        let peter = try #require(VerifierKey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"))
        let note = try #require(
            SignedNote(
                """
                If you think cryptography is the answer to your problem,
                then you don't know what your problem is.

                — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=

                """))
        #expect(note.isSigned(by: peter))
    }

    @Test func `another text, another key and another name do not pass`() throws {
        let note = head.signed(with: key)
        let other = SigningKey(seed: Array(repeating: 9, count: 32))
        let forged = try #require(SignedNote(note.text.replacing("\n7\n", with: "\n8\n")))
        let verifier = try #require(VerifierKey(name: "daybook/x", publicKey: key.publicKey))
        #expect(!forged.isSigned(by: verifier))
        #expect(!note.isSigned(by: try #require(VerifierKey(name: "daybook/x", publicKey: other.publicKey))))
        #expect(!note.isSigned(by: try #require(VerifierKey(name: "daybook/y", publicKey: key.publicKey))))
    }

    @Test(arguments: [
        "", "daybook/x\n7\nAA==\n", "\n7\nx\n", "a\n07\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "a\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "a\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    ])
    func `what is no checkpoint is refused`(text: String) { #expect(Checkpoint(body: text) == nil) }

    @Test(arguments: [
        "", "a\n", "a\n\n", "a\n\n- x AAAAAAA=\n", "a\n\n— x\n", "a\n\n— x AAAA\n", "a\t\n\n— x AAAAAAA=\n",
    ])
    func `what is no signed note is refused`(text: String) { #expect(SignedNote(text) == nil) }

    @Test(arguments: ["x", "x+00000000+AQ==", "x+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"])
    func `what is no verifier key is refused`(text: String) { #expect(VerifierKey(text) == nil) }
}
