import Testing
import Vault

@Suite struct HashTests {
    /// FIPS 180-4's examples, and a million times "a" (NIST CAVP).
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `a text has its published digest`(text: String, digest: String) {
        #expect(SHA256.hash(Array(text.utf8)) == hex(digest))
    }
    @Test func `a million letters in pieces have their published digest`() {
        var hash = SHA256()
        for _ in 0..<1000 { hash.update(Array(repeating: UInt8(ascii: "a"), count: 1000)) }
        #expect(hash.finish() == hex("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"))
    }
    @Test func `a copy of a hash goes its own way`() {
        var one = SHA256()
        one.update(Array("ab".utf8))
        var other = one
        one.update(Array("c".utf8))
        other.update(Array("d".utf8))
        #expect(one.finish() == SHA256.hash(Array("abc".utf8)))
        #expect(other.finish() == SHA256.hash(Array("abd".utf8)))
    }
    @Test func `a code is verified, and refused for another message, key or length`() {
        let (key, message) = (Random.bytes(32), Array("message".utf8))
        let code = HMAC.code(message, key: key)
        #expect(HMAC.verify(code, of: message, key: key))
        #expect(!HMAC.verify(code, of: message + [0], key: key))
        #expect(!HMAC.verify(code, of: message, key: Random.bytes(32)))
        #expect(!HMAC.verify(Array(code.dropLast()), of: message, key: key))
        #expect(!HMAC.verify([], of: message, key: key))
    }
    @Test func `parts keep their borders`() {
        var one = HMAC(key: [1])
        one.update(part: [1, 2])
        one.update(part: [3])
        var other = HMAC(key: [1])
        other.update(part: [1])
        other.update(part: [2, 3])
        #expect(one.finish() != other.finish())
    }
    @Test func `empty secrets are equal to each other only`() {
        #expect(isEqual([], []))
        #expect(!isEqual([], [0]))
    }
}
