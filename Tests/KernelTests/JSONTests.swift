import FoundationEssentials
import Kernel
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        #"{"a":[1,-2.5,true,false,null],"b":{"c":"\u00e9\ud83d\ude00\n\"\\"}}"#, "[]", "0", "-9223372036854775808",
        #""""#,
    ])
    func `what is read is written again, compact and sorted`(text: String) throws {
        let value = try JSON(parsing: text)
        #expect(try JSON(parsing: value.bytes) == value)
    }
    @Test(arguments: [
        ("", JSON.Malformed.Reason.syntax), ("{", .syntax), ("[1,]", .syntax), ("01", .syntax), ("1 2", .trailing),
        (#"{"a":1,"a":2}"#, .duplicate), (#""\u0000""#, .text), (#""\ud800""#, .text), (#""\udc00x""#, .text),
        ("1e999", .number),
        (String(repeating: "[", count: 40), .depth), ("nul", .syntax), ("\"\u{01}\"", .syntax), (#"{"a" 1}"#, .syntax),
        (#"{a:1}"#, .syntax), ("+1", .syntax), ("1.", .syntax), (#""\x""#, .syntax), ("NaN", .syntax),
    ])
    func `what could not be stored byte for byte is refused with its reason`(
        text: String, reason: JSON.Malformed.Reason
    ) {
        do {
            _ = try JSON(parsing: text)
            Issue.record("taken: \(text)")
        } catch { #expect(error.reason == reason) }
    }
    @Test func `bytes that are not UTF-8 are refused`() {
        #expect(throws: JSON.Malformed.self) { try JSON(parsing: [0x22, 0xFF, 0x22]) }
    }
    @Test func `control characters are written escaped and come back`() throws {
        let text = JSON.string(String((1..<32).map { Character(Unicode.Scalar(UInt8($0))) }))
        #expect(try JSON(parsing: text.bytes) == text)
    }

    struct Sample: Codable, Equatable {
        var id: UUID
        var count: Int16
        var share: Double
        var note: String?
        var tags: [String]
        var inner: [String: JSON]
    }
    @Test func `a value goes to JSON and back, with ids in lower case`() throws {
        let sample = Sample(
            id: try #require(UUID(uuidString: "ABCDEF00-0000-4000-8000-000000000001")), count: 7, share: 0.5, note: nil,
            tags: ["x"],
            inner: ["a": [1, .null]])
        let json = try JSON(encoding: sample)
        #expect(json["id"] == "abcdef00-0000-4000-8000-000000000001")
        #expect(try json.decode(Sample.self) == sample)
    }

    enum Happening: Message {
        case opened(Record)
        case moved(from: Int, to: Int)
        case closed
        enum CodingKeys: String, CodingKey, CaseIterable {
            case opened = "thing.opened@1"
            case moved = "thing.moved@2"
            case closed = "thing.closed@1"
        }
    }
    @Test(arguments: [
        (Happening.opened(Record(["title": "x"])), "thing.opened", Int16(1), JSON.object(["title": "x"])),
        (.moved(from: 1, to: 2), "thing.moved", 2, JSON.object(["from": 1, "to": 2])),
        (.closed, "thing.closed", 1, JSON.object([:])),
    ])
    func `an event is stored as its name, its schema and its data`(
        event: Happening, type: String, schema: Int16, data: JSON
    ) throws {
        let stored = try Stored(event)
        #expect(stored == Stored(type: type, schema: schema, data: data))
        #expect(try stored.decode(Happening.self) == event)
    }
}
