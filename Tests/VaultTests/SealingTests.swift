import FoundationEssentials
import Testing
import Vault

@Suite struct SealingTests {
    private let key = PersonKey(bytes: Array(0..<32))
    private let person = UUID(uuidString: "01890a5d-ac96-774b-bcce-b302099a8057")!
    private let organization = UUID(uuidString: "0190b6a0-7c1e-7a3f-8d2b-3c4d5e6f7a8b")!
    private let plain = Array(#"{"first_name":"Ada"}"#.utf8)

    private func place(version: Int32 = 3, type: String = "contact.created", schema: Int16 = 1) -> SealingPlace {
        SealingPlace(organization: organization, stream: person, version: version, type: type.utf8, schema: schema)
    }
    private var sealed: [UInt8] {
        SealedParts.bytes([key.seal(plain, .data, of: person, at: place(), nonce: Array(0..<16))]) ?? []
    }
    private func opened(_ bytes: [UInt8], _ key: PersonKey? = nil, at place: SealingPlace? = nil) throws -> [[UInt8]?] {
        var opened: [[UInt8]?] = []
        try bytes.withUnsafeBytes { bytes in
            try SealedParts.walk(bytes) { opened.append((key ?? self.key).open($0, at: place ?? self.place())) }
        }
        return opened
    }

    /// Computed with Python's hmac and cryptography. It stands in logs for ever.
    @Test func `the form of a sealed part never changes`() throws {
        let stored = hex(
            "010001890a5dac96774bbcceb302099a8057000102030405060708090a0b0c0d0e0f2bb4e3dcbd90e0fa00c5a111e121"
                + "8106ccd8cca40a0e8e870e2d409a324651cd0000002428d5fdb53c8b5fdbd0420b96b1ae70ad8c90b033018abe4de82b"
                + "06c2a7e0da4affe49f73")
        #expect(sealed == stored)
        #expect(try opened(stored) == [plain])
    }

    @Test func `several persons' parts open each with its own key`() throws {
        let other = PersonKey(bytes: Array(repeating: 7, count: 32))
        let caller = UUID()
        let bytes = try #require(
            SealedParts.bytes([
                key.seal(plain, .data, of: person, at: place(), nonce: Random.bytes(16)),
                other.seal(Array("{}".utf8), .caller, of: caller, at: place(), nonce: Random.bytes(16)),
            ]))
        #expect(try SealedParts.persons(bytes) == [person, caller])
        #expect(try opened(bytes) == [plain, nil])
        #expect(try opened(bytes, other) == [nil, Array("{}".utf8)])
        #expect(SealedParts.bytes([]) == nil)
    }

    @Test func `a part that was moved to another event does not open`() throws {
        let elsewhere = [
            place(version: 4), place(type: "contact.edited"), place(schema: 2),
            SealingPlace(
                organization: UUID(), stream: person, version: 3, type: "contact.created".utf8, schema: 1),
            SealingPlace(
                organization: organization, stream: UUID(), version: 3, type: "contact.created".utf8, schema: 1),
        ]
        for place in elsewhere { #expect(try opened(sealed, at: place) == [nil]) }
    }

    @Test func `no byte of a part can be changed`() throws {
        for index in sealed.indices {
            var forged = sealed
            forged[index] ^= 0x01
            let opened = try? self.opened(forged)
            #expect(opened == nil || opened == [nil], "byte \(index)")
        }
    }

    @Test func `what is cut short or has an unknown form is malformed`() {
        for count in 0..<sealed.count {
            #expect(throws: SealedParts.Malformed.self) { try opened(Array(sealed.prefix(count))) }
        }
        #expect(throws: SealedParts.Malformed.self) { try opened([2] + sealed.dropFirst()) }
        #expect(throws: SealedParts.Malformed.self) { try opened([1, 9] + sealed.dropFirst(2)) }
    }
}

@Suite struct MasterKeyTests {
    private let master = MasterKey(bytes: Array(repeating: 5, count: 32))
    private let use = Array("person".utf8)

    @Test func `a wrapped key comes back, and no two wrappings are alike`() throws {
        let key = Random.bytes(32)
        let wrapped = master.wrap(key, context: use)
        #expect(try master.unwrap(wrapped, context: use) == key)
        #expect(master.wrap(key, context: use) != wrapped)
    }

    @Test func `another master, another use and a changed byte are refused`() {
        var wrapped = master.wrap(Random.bytes(32), context: use)
        let other = MasterKey(bytes: Array(repeating: 6, count: 32))
        #expect(throws: KeyError.notOurs) { try other.unwrap(wrapped, context: use) }
        #expect(throws: KeyError.notOurs) { try master.unwrap(wrapped, context: []) }
        #expect(throws: KeyError.notOurs) { try master.unwrap([], context: use) }
        wrapped[20] ^= 1
        #expect(throws: KeyError.notOurs) { try master.unwrap(wrapped, context: use) }
    }

    @Test func `it is read from base64 and hex, and nothing else`() throws {
        let text = master.text
        #expect(try MasterKey(text: "  \(text)\n").text == text)
        #expect(try MasterKey(text: String(repeating: "05", count: 32)).text == text)
        for bad in ["", "secret", String(text.dropLast(4)), String(repeating: "0g", count: 32)] {
            #expect(throws: KeyError.malformed) { try MasterKey(text: bad) }
        }
    }
}
