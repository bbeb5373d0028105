import FoundationEssentials
import Testing
import Vault

@Suite struct SealedFileTests {
    private let own = PersonKey(bytes: Array(0..<32))
    private let person = PersonKey(bytes: Array(repeating: 7, count: 32))
    private let file = UUID(uuidString: "01890a5d-ac96-774b-bcce-b302099a8057")!
    private let who = UUID(uuidString: "01890a5d-ac96-774b-bcce-b302099a8058")!
    private let organization = UUID(uuidString: "0190b6a0-7c1e-7a3f-8d2b-3c4d5e6f7a8b")!
    private let sealing = SealedFile(key: Array(100..<132))

    private func place(_ person: UUID? = nil) -> SealedFile.Place {
        SealedFile.Place(organization: organization, file: file, person: person)
    }
    private func seal(_ plain: [UInt8], _ index: Int64 = 0, isLast: Bool = true) -> [UInt8] {
        plain.withUnsafeBytes { sealing.seal($0, index, isLast: isLast) }
    }
    private func open(_ bytes: [UInt8], with file: SealedFile?, _ index: Int64 = 0, isLast: Bool = true) -> [UInt8]? {
        bytes.withUnsafeBytes { file?.open($0, index, isLast: isLast) }
    }

    @Test func `a file opens with its record's key, and with its person's where it tells of one`() {
        let alone = sealing.head(own: own, person: nil, at: place(), nonce: Array(0..<16))
        let both = sealing.head(own: own, person: person, at: place(who), nonce: Array(0..<16))
        let sealed = seal(Array("Ada".utf8))
        #expect(open(sealed, with: SealedFile(head: alone, own: own, person: nil, at: place())) == Array("Ada".utf8))
        let opened = SealedFile(head: both, own: own, person: person, at: place(who))
        #expect(open(sealed, with: opened) == Array("Ada".utf8))
        #expect(SealedFile(head: both, own: own, person: nil, at: place(who)) == nil, "the person's key is needed")
        #expect(SealedFile(head: both, own: person, person: person, at: place(who)) == nil, "and the record's own")
        #expect(SealedFile(head: alone, own: own, person: person, at: place()) == nil)
        for index in alone.indices {
            var changed = alone
            changed[index] ^= 1
            #expect(SealedFile(head: changed, own: own, person: nil, at: place()) == nil, "byte \(index)")
        }
    }

    @Test func `a head that was moved to another record does not open`() {
        let head = sealing.head(own: own, person: nil, at: place(), nonce: Array(0..<16))
        let elsewhere = [
            SealedFile.Place(organization: organization, file: who, person: nil),
            SealedFile.Place(organization: who, file: file, person: nil), place(who),
        ]
        for place in elsewhere { #expect(SealedFile(head: head, own: own, person: nil, at: place) == nil) }
    }

    @Test func `chunks cannot be exchanged, cut off or lengthened`() {
        let (first, last) = (seal([1, 2], 0, isLast: false), seal([3], 1, isLast: true))
        #expect(open(first, with: sealing, 0, isLast: false) == [1, 2])
        #expect(open(first, with: sealing, 1, isLast: false) == nil)
        #expect(open(first, with: sealing, 0, isLast: true) == nil, "what follows was cut off")
        #expect(open(last, with: sealing, 1, isLast: false) == nil, "something was put behind it")
        #expect(open(Array(last.dropLast()), with: sealing, 1) == nil)
        #expect(open(seal([]), with: sealing) == [], "an empty file is one empty chunk")
    }

    @Test func `it is known where each chunk lies`() {
        let full = Int64(SealedFile.chunkLength)
        #expect([0, 1, full, full + 1, 2 * full].map(SealedFile.chunks) == [1, 1, 1, 2, 2])
        #expect(SealedFile.headLength == 97)
        #expect(SealedFile.sealedSize(of: 0) == 97 + 16)
        #expect(SealedFile.sealedSize(of: full + 1) == SealedFile.offset(of: 1) + 1 + 16)
    }

    /// Computed with Python's hmac and cryptography. Files in stores and backups have it.
    @Test func `the form of a sealed file never changes`() {
        let head = sealing.head(own: own, person: person, at: place(who), nonce: Array(0..<16))
        #expect(head == hex(Self.head))
        #expect(seal(Array("Ada".utf8), 1) == hex(Self.chunk))
    }
    private static let head =
        "01000102030405060708090a0b0c0d0e0f628f3c95002ca4e04b549f35647ffaf2e588b4c7d5e88f95e2c42094c01730"
        + "0aaa19de5bd617a7ca586adc72d77acd66bde392216b14ea8dafa19e6cfd93f5c8edbfc211e7318d8b018829a000b530a2"
    private static let chunk = "13bf4aaa3df74417dd93f3c80ea41a0d1dbb07"
}
