import EventLog
import FoundationEssentials
import Kernel
import Testing
import Vault

@Suite struct LineTests {
    private let event = RecordedEvent(
        organization: UUID(uuidString: "01890A5D-AC96-774B-BCCE-B302099A8057")!, position: 9_007_199_254_740_993,
        stream: UUID(uuidString: "01890A5D-AC96-774B-BCCE-B302099A80FF")!, version: 12, type: "deal.moved", schema: 1,
        data: Array(#"{"from":"Ü\n","to":1.50}"#.utf8), private: [0xFB, 0xFF, 0x00, 0x01],
        meta: Array(#"{"act":"deal.move","channel":"api"}"#.utf8),
        occurredAt: Instant("2017-03-01T00:00:00Z")!, recordedAt: Instant("2026-11-21T09:05:07.000042Z")!,
        actor: UUID(uuidString: "00000000-0000-4000-8000-00000000000A")!,
        command: UUID(uuidString: "ffffffff-ffff-8fff-bfff-ffffffffffff")!, index: 0, merkle: [])

    /// The form is hashed and signed: this line can never be another one.
    @Test func `the line of an event is this one, for ever`() {
        #expect(
            String(decoding: event.line, as: UTF8.self)
                == #"{"position":9007199254740993,"organization":"01890a5d-ac96-774b-bcce-b302099a8057","#
                + #""stream":"01890a5d-ac96-774b-bcce-b302099a80ff","version":12,"type":"deal.moved","schema":1,"#
                + #""occurred_at":"2017-03-01T00:00:00.000000Z","recorded_at":"2026-11-21T09:05:07.000042Z","#
                + #""actor":"00000000-0000-4000-8000-00000000000a","command":"ffffffff-ffff-8fff-bfff-ffffffffffff","#
                + #""index":0,"meta":{"act":"deal.move","channel":"api"},"data":{"from":"Ü\n","to":1.50},"#
                + #""private":"+/8AAQ=="}"#)
        // SHA-256(0x00 ‖ line), by Python's hashlib.
        #expect(MerkleTree.leaf(event.line) == hex("b519f4ed57fa86eae21676f93ce07d15868da2cd2025391e3f8f1769a4c387fe"))
    }
    @Test func `what is not sealed says so`() {
        var plain = event
        plain.private = nil
        #expect(String(decoding: plain.line, as: UTF8.self).hasSuffix(#","private":null}"#))
    }
    @Test(arguments: 0..<64)
    func `sealed parts of every length are base64`(length: Int) throws {
        var sealed = event
        let bytes = Random.bytes(length)
        sealed.private = bytes
        let text = String(decoding: sealed.line, as: UTF8.self)
        let written = try #require(text.split(separator: #""private":""#, omittingEmptySubsequences: false).last)
        #expect(Data(base64Encoded: String(written.dropLast(2))).map { [UInt8]($0) } == bytes)
    }
    @Test func `instants are written as the kernel writes them`() {
        for microseconds: Int64 in [
            -62_135_596_800_000_000, -1, 0, 1, 951_782_399_999_999, 951_782_400_000_000, 253_402_300_799_999_999,
        ] {
            var other = event
            other.occurredAt = Instant(microseconds: microseconds)
            #expect(String(decoding: other.line, as: UTF8.self).contains(#""occurred_at":"\#(other.occurredAt.text)""#))
        }
    }
}

func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
