import EventLog
import FoundationEssentials
import Kernel
import Testing
import Vault

@Suite struct LineParsingTests {
    private let line =
        #"{"position":7,"organization":"01890a5d-ac96-774b-bcce-b302099a8057","#
        + #""stream":"01890a5d-ac96-774b-bcce-b302099a80ff","version":2,"type":"deal.moved","schema":1,"#
        + #""occurred_at":"2017-03-01T00:00:00.000000Z","recorded_at":"2026-11-21T09:05:07.000042Z","#
        + #""actor":"00000000-0000-4000-8000-00000000000a","command":"ffffffff-ffff-8fff-bfff-ffffffffffff","#
        + #""index":0,"meta":{"act":"deal.move"},"data":{"note":"a } \" b","to":[1,{"x":"é"}]},"private":"+/8AAQ=="}"#

    private func refusal(_ text: String) -> EventLine.Malformed? {
        do throws(EventLine.Malformed) {
            _ = try EventLine.parse(Array(text.utf8))
            return nil
        } catch { return error }
    }

    @Test func `a line is read as the event it was written from`() throws {
        let event = try EventLine.parse(Array(line.utf8))
        #expect(event.position == 7)
        #expect(event.version == 2)
        #expect(event.type == "deal.moved")
        #expect(event.recordedAt == Instant("2026-11-21T09:05:07.000042Z"))
        #expect(String(decoding: event.data, as: UTF8.self) == #"{"note":"a } \" b","to":[1,{"x":"é"}]}"#)
        #expect(event.private == [0xFB, 0xFF, 0x00, 0x01])
        #expect(event.line == Array(line.utf8))
    }

    /// Each is JSON, or near it, and says the same or nearly: another program might write it, ours never does.
    @Test(arguments: [
        (#""position":7"#, #""position":07"#), (#""position":7"#, #""position": 7"#),
        (#""position":7"#, #""position":+7"#),
        (#""position":7"#, #""position":7.0"#), (#""position":7"#, #""position":99999999999999999999"#),
        (#"{"position":7,"#, #"{"version":2,"position":7,"#), ("8057", "805"), ("b302099a8057", "B302099A8057"),
        ("000042Z", "000042+00:00"), (".000000Z", "Z"), ("T00:00", "t00:00"), ("2017-03-01", "2017-02-30"),
        ("deal.moved", "dealmoved"), ("deal.moved", "deal.mov\\u0065d"), ("deal.moved", "Deal.moved"),
        ("deal.moved", "deal.moved.more"), ("+/8AAQ==", "+/8AAR=="), ("+/8AAQ==", "+/8AAQ"), ("+/8AAQ==", "+/8A AQ=="),
        (#""+/8AAQ=="}"#, #""+/8AAQ=="} "#), (#""+/8AAQ=="}"#, #""+/8AAQ==""#), (#""+/8AAQ=="}"#, "nul}"),
        (#"{"act":"deal.move"}"#, #"{"act":"deal.move","act":"x"}"#),
        (#"{"act":"deal.move"}"#, #"{"act": "deal.move"}"#),
        (#"{"act":"deal.move"}"#, "null"), (#"{"act":"deal.move"}"#, "[]"), (#"[1,{"x":"é"}]"#, #"[1,{"x":"é"}"#),
        (#"[1,{"x":"é"}]"#, #"[1,{"x":"\u0000"}]"#), (#"[1,{"x":"é"}]"#, #"[1,{"x":"\ud800"}]"#),
        (#"[1,{"x":"é"}]"#, "[1,\t2]"), (#"[1,{"x":"é"}]"#, "[01]"), (#""index":0"#, #""index":-0"#),
        (#""index":0"#, #""index":40000"#), (#""index":0,"#, #""index":0,"more":1,"#),
    ])
    func `what is written otherwise is refused`(part: String, other: String) {
        #expect(line.contains(part))
        #expect(refusal(line.replacing(part, with: other)) != nil)
    }

    @Test func `a refusal names the byte and the reason`() {
        #expect(refusal("")?.reason == .member)
        #expect(refusal(line + "\n")?.reason == .trailing)
        #expect(refusal(line + "\n")?.offset == line.utf8.count)
        #expect(refusal(String(repeating: "x", count: 65_536))?.reason == .tooLong)
        #expect(refusal(line.replacing("AAQ==", with: "AAR=="))?.reason == .form)
    }

    /// Whatever is written is read as it was; one changed byte makes another event or none, never the same.
    @Test func `writing and reading are each other's reverse, for a thousand lines of all sorts`() throws {
        var random = Seeded(state: 7)
        for _ in 0..<1000 {
            let event = RecordedEvent.any(&random)
            let line = event.line
            let read = try EventLine.parse(line)
            #expect(read == event)
            var changed = line
            let at = Int(random.next() % UInt64(line.count))
            changed[at] ^= UInt8(1 << (random.next() % 8))
            if let other = try? EventLine.parse(changed) {
                #expect(other != event)
                #expect(other.line == changed)
            }
        }
    }
}

extension RecordedEvent {
    static func any(_ random: inout Seeded) -> RecordedEvent {
        func id() -> UUID { UUID.v7(at: Instant(microseconds: 0), random: (random.next(), random.next())) }
        func moment() -> Instant { Instant(microseconds: Int64(random.next() % 253_402_300_800_000_000)) }
        let texts = ["", "Pump", "\"\\/", "\n\t\u{1}", "é 漢字 🦭", "{[}]:,", "\u{7F}\u{2028}"]
        let object: JSON = [
            "a": .string(texts.randomElement(using: &random) ?? ""), "b": .integer(Int64(bitPattern: random.next())),
            "c": [.null, .bool(true), .number(0.5), [:]],
        ]
        return RecordedEvent(
            organization: id(), position: Int64(random.next() >> 1), stream: id(),
            version: Int32(random.next() >> 33),
            type: ["deal.moved", "a.b", "field_set.x9_"].randomElement(using: &random)
                ?? "a.b", schema: Int16(random.next() >> 49), data: object.bytes,
            private: random.next() % 2 == 0 ? nil : Random.bytes(Int(random.next() % 300)),
            meta: random.next() % 2 == 0 ? Array("{}".utf8) : object.bytes, occurredAt: moment(), recordedAt: moment(),
            actor: id(), command: id(), index: Int16(random.next() >> 49), merkle: [])
    }
}
