import FoundationEssentials
import Kernel
import Testing

/// What an event's own decoding tells about its payload.
@Suite struct EventShapeTests {
    private struct Part: Codable, Equatable { var label: String }
    private enum Event: Message {
        case opened(Record)
        case edited(set: Patch)
        case moved(from: UUID?, to: UUID, on: Day, at: Instant?, times: Int64, amount: Money?, sure: Bool)
        case tagged(tags: [String: Part]?, note: String?)
        case gone
        enum CodingKeys: String, CodingKey, CaseIterable {
            case opened = "thing.opened@2"
            case edited = "thing.edited@1"
            case moved = "thing.moved@1"
            case tagged = "thing.tagged@1"
            case gone = "thing.gone@1"
        }
    }
    private static let fields = [
        Field("title", .text(10)).required().personal(), Field("kind", .choice(["a", "b"])).required(),
        Field("note", .paragraph(9)).personal(),
        Field("tags", .map(of: .object([Field("label", .text(9)).required()]), keys: .name)),
    ]
    private static let shapes = EventShape.all(of: Event.self, fields: fields)
    private func schema(_ name: String) throws -> JSON {
        try #require(Self.shapes.first { $0.storedName == name }).jsonSchema
    }

    @Test func `every case has its shape, under its stored name`() {
        #expect(Self.shapes.map(\.storedName) == Event.storedNames)
    }
    @Test func `a payload without labels has the entity's fields`() throws {
        #expect(
            try schema("thing.opened@2") == [
                "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:daybook:event:thing.opened@2",
                "title": "thing.opened@2", "type": "object", "required": ["kind"],
                "properties": [
                    "title": ["type": "string", "x-personal": true], "kind": ["type": "string", "enum": ["a", "b"]],
                    "note": ["type": "string", "x-personal": true],
                    "tags": [
                        "type": "object",
                        "additionalProperties": [
                            "type": "object", "required": ["label"], "properties": ["label": ["type": "string"]],
                        ],
                    ],
                ],
            ])
    }
    @Test func `a patch may clear what may be absent, and nothing in it is required`() throws {
        let set = try #require(try schema("thing.edited@1")["properties"]?["set"])
        #expect(try schema("thing.edited@1")["required"] == ["set"])
        #expect(set["required"] == nil)
        #expect(set["properties"]?["note"] == ["type": ["string", "null"], "x-personal": true])
        #expect(set["properties"]?["tags"]?["additionalProperties"]?["type"] == ["object", "null"])
    }
    @Test func `labels are members, and optional ones may be absent`() throws {
        let moved = try schema("thing.moved@1")
        #expect(moved["required"] == ["on", "sure", "times", "to"])
        #expect(moved["properties"]?["on"] == ["type": "string", "format": "date"])
        #expect(moved["properties"]?["at"] == ["type": "string", "format": "date-time"])
        #expect(moved["properties"]?["times"] == ["type": "integer"])
        #expect(moved["properties"]?["sure"] == ["type": "boolean"])
        #expect(moved["properties"]?["amount"]?["required"] == ["minor", "currency"])
    }
    @Test func `a label that is named as a field holds what the field holds`() throws {
        let tagged = try schema("thing.tagged@1")
        #expect(tagged["properties"]?["note"]?["x-personal"] == true)
        #expect(tagged["properties"]?["tags"] == (try schema("thing.opened@2"))["properties"]?["tags"])
        #expect(try schema("thing.gone@1")["properties"] == nil)
    }
    @Test func `the places of an event are told with their names`() throws {
        let paths = try #require(Self.shapes.first { $0.storedName == "thing.edited@1" }).paths
        let named = paths.map { $0.names.joined(separator: ".") }
        #expect(named == ["set", "set.title", "set.kind", "set.note", "set.tags"])
        #expect(paths.filter(\.isPersonal).map(\.names) == [["set", "title"], ["set", "note"]])
        #expect(paths.filter(\.isOpen).map(\.names) == [["set", "tags"]])
    }
    @Test func `what has no shape is missing`() {
        enum Odd: Message {
            case odd(part: Part)
            enum CodingKeys: String, CodingKey, CaseIterable { case odd = "thing.odd@1" }
        }
        #expect(EventShape.all(of: Odd.self, fields: []) == [])
    }
    @Test func `an example is read back as an event of its case`() throws {
        for shape in Self.shapes {
            let stored = Stored(type: shape.type, schema: shape.schema, data: shape.example)
            #expect(try Stored(try stored.decode(Event.self)) == stored)
        }
    }
}
