import CRM
import DomainTesting
import Foundation
import Kernel
import Testing

@testable import Application

/// What is released can be read for ever.
@Suite struct ReleasedFormatsTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../schemas/events").standardized

    /// The texts of `schemas/events`, by their path in it.
    private static let files: [String: String] = {
        let all = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return all.filter { $0.contains(".") }.reduce(into: [:]) { texts, name in
            texts[name] = try? String(contentsOf: folder.appending(path: name), encoding: .utf8)
        }
    }()

    @Test func `the schemas of events are those of the code, and none changed`() {
        let formats = ReleasedFormats(eventShapes, in: Self.files)
        #expect(formats.findings == [])
        #expect(formats.new.keys.sorted() == [], "run tools/export-schemas")
        #expect(Self.files.count == 2 * Self.files.keys.count { $0.hasPrefix("examples/") } + 1)
    }

    @Test func `every event has a shape`() {
        #expect(Set(eventShapes.map(\.storedName)).isSuperset(of: entities.flatMap { $0.storedNames }))
    }

    /// Every example ever released, also of shapes that have a successor by now.
    @Test(arguments: files.keys.filter { $0.hasPrefix("examples/") }.sorted())
    func `an example is as its schema says, is decoded, and means something`(file: String) throws {
        let example = try JSON(parsing: try #require(Self.files[file]))
        let name = String(file.dropFirst("examples/".count))
        let schema = try JSON(parsing: try #require(Self.files[name]))
        #expect(SchemaCheck(example, with: schema).flaws == [])
        let whole = try #require(stored(name, example))
        // An erasure is no entity's event.
        if whole.type == Erasure.type {
            #expect(upcasts.newest(whole) == Erasure.event)
            return
        }
        let found = CRM.entity(named: String(whole.type.prefix { $0 != "." }))
        let type = try #require(found)
        #expect(try evolved(type, upcasts.newest(whole)))
        // Without what is sealed it is read too: that is how it looks once its person is erased.
        let rest = try #require(stored(name, example.without(schema.personal)))
        #expect(try evolved(type, upcasts.newest(rest)))
    }

    /// `deal.opened@1.2.json` holds an event of `deal.opened@1`.
    private func stored(_ file: String, _ data: JSON) -> Stored? {
        let parts = file.dropLast(".json".count).split(separator: "@")
        guard parts.count == 2, let schema = Int16(parts[1].prefix { $0 != "." }) else { return nil }
        return Stored(type: String(parts[0]), schema: schema, data: data)
    }
    private func evolved<E: Entity>(_: E.Type, _ stored: Stored) throws -> Bool {
        var state = E.initial
        let event = try stored.decode(E.Event.self)
        E.evolve(&state, event)
        return try Stored(event).type == stored.type
    }

    // MARK: - What may change?

    private enum Old: Message {
        case opened(Record), moved(to: String)
        enum CodingKeys: String, CodingKey, CaseIterable {
            case opened = "thing.opened@1"
            case moved = "thing.moved@1"
        }
    }
    private static let fields = [Field("title", .text(10)).personal(), Field("kind", .choice(["a"]))]
    private static func shapes(_ fields: [Field]) -> [EventShape] { EventShape.all(of: Old.self, fields: fields) }
    private static let released = ReleasedFormats(shapes(fields), in: [:]).new

    @Test func `the first export writes schemas, examples and a lock that sha256sum reads`() throws {
        #expect(
            Self.released.keys.sorted() == [
                "examples/thing.moved@1.json", "examples/thing.opened@1.json", "released.lock", "thing.moved@1.json",
                "thing.opened@1.json",
            ])
        let place = FileManager.default.temporaryDirectory.appending(path: "formats-\(UUID())")
        try FileManager.default.createDirectory(
            at: place.appending(path: "examples"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        for (name, text) in Self.released {
            try text.write(to: place.appending(path: name), atomically: true, encoding: .utf8)
        }
        let sum = Process()
        sum.executableURL = URL(filePath: "/usr/bin/env")
        sum.arguments = ["sha256sum", "--check", "--strict", "--status", "released.lock"]
        sum.currentDirectoryURL = place
        try sum.run()
        sum.waitUntilExit()
        #expect(sum.terminationStatus == 0)
    }

    @Test func `what is released is not written again`() {
        let formats = ReleasedFormats(Self.shapes(Self.fields), in: Self.released)
        #expect(formats.new.isEmpty)
        #expect(formats.findings == [])
    }

    @Test func `a released file that changed or is gone is found`() {
        var changed = Self.released
        changed["thing.moved@1.json"]? += " "
        #expect(
            ReleasedFormats(Self.shapes(Self.fields), in: changed).findings
                == ["thing.moved@1.json is released and changed: take it back"])
        var gone = Self.released
        gone["examples/thing.moved@1.json"] = nil
        #expect(
            ReleasedFormats(Self.shapes(Self.fields), in: gone).findings
                == ["examples/thing.moved@1.json is released and gone: take it back"])
        var unlocked = Self.released
        unlocked["released.lock"] = unlocked["released.lock"]?.replacing(/.*thing.moved@1.json\n/, with: "")
        #expect(!ReleasedFormats(Self.shapes(Self.fields), in: unlocked).findings.isEmpty)
    }

    @Test func `a new field makes another edition beside the first, which stays`() {
        let grown = [Self.fields[0], Field("kind", .choice(["a", "b"])), Field("size", .integer(0...9))]
        let formats = ReleasedFormats(Self.shapes(grown), in: Self.released)
        #expect(formats.findings == [])
        #expect(
            formats.new.keys.sorted()
                == ["examples/thing.opened@1.2.json", "released.lock", "thing.opened@1.2.json"])
        let lines = Set((Self.released["released.lock"] ?? "").split(separator: "\n"))
        #expect(Set((formats.new["released.lock"] ?? "").split(separator: "\n")).isSuperset(of: lines))
        let both = Self.released.merging(formats.new) { $1 }
        #expect(ReleasedFormats(Self.shapes(grown), in: both).new.isEmpty)
        #expect(ReleasedFormats(Self.shapes(grown), in: both).findings == [])
    }

    static let breaking: [[Field]] = [
        [fields[0]], [fields[0], Field("kind", .integer(0...9))], [fields[0], Field("kind", .choice(["b"]))],
        [fields[0], fields[1].required()], [fields[0], fields[1].personal()], [Field("title", .text(10)), fields[1]],
    ]
    @Test(arguments: breaking)
    func `a member that goes, or becomes another, needs a new version`(fields: [Field]) {
        let formats = ReleasedFormats(Self.shapes(fields), in: Self.released)
        #expect(formats.new.isEmpty)
        #expect(formats.findings.count == 1)
        #expect(formats.findings.first?.hasPrefix("thing.opened@1 is released and its shape changed") == true)
    }
}

extension JSON {
    /// The names of the members that a schema marks as personal, and of those in `set`.
    fileprivate var personal: Set<String> {
        func names(_ schema: JSON?) -> [String] {
            (schema?["properties"]?.object ?? [:]).filter { $0.value["x-personal"] == true }.map(\.key)
        }
        return Set(names(self) + names(self["properties"]?["set"]))
    }
    fileprivate func without(_ names: Set<String>) -> JSON {
        guard var members = object?.filter({ !names.contains($0.key) }) else { return self }
        if let set = members["set"]?.object { members["set"] = .object(set.filter { !names.contains($0.key) }) }
        return .object(members)
    }
}
