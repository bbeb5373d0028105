import EventLog
import Foundation
import Kernel
import Testing
import Vault

/// The documents in `docs/formats` are for strangers: what they show is what the code reads.
@Suite struct FormatDocumentTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../docs/formats").standardized

    /// The fenced blocks of a document behind its heading "Example", each with its last line feed.
    private func examples(_ name: String) throws -> [String] {
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        let parts = text.components(separatedBy: "## Example\n")
        return try #require(parts.count == 2 ? parts[1] : nil).components(separatedBy: "```").enumerated()
            .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element.drop { $0 != "\n" }.dropFirst()) }
    }
    /// The second words of lines such as `nonce  0001…`, by their first words.
    private func values(_ block: String) -> [String: [String]] {
        block.split(separator: "\n").reduce(into: [:]) { values, line in
            let gap = line.range(of: "  ") ?? line.endIndex..<line.endIndex
            values[String(line[..<gap.lowerBound]), default: []].append(
                line[gap.upperBound...].trimmingCharacters(in: .whitespaces))
        }
    }
    private func file(_ name: String) throws -> String {
        try String(contentsOf: Self.folder.appending(path: "example/\(name)"), encoding: .utf8)
    }
    private func lines() throws -> [[UInt8]] {
        try file("lines.jsonl").split(separator: "\n").map { Array($0.utf8) }
    }

    @Test func `the lines are lines, and have these hashes`() throws {
        let lines = try lines()
        #expect(lines.count == 3)
        for (index, line) in lines.enumerated() {
            #expect(try EventLine.parse(line).position == Int64(index + 1))
        }
        let hashes = try examples("line.md")[0].split(separator: "\n").map { hex(String($0)) }
        #expect(lines.map(MerkleTree.leaf) == hashes)
    }

    @Test func `the tree over them has this root, and the proof holds`() throws {
        let leaves = try lines().map(MerkleTree.leaf)
        let shown = values(try examples("tree.md")[0])
        let node = MerkleTree.node(leaves[0], leaves[1])
        #expect([node] == shown["node 0-1"]?.map(hex))
        var frontier = Frontier.empty
        for leaf in leaves { _ = frontier.append(leaf: leaf) }
        let root = frontier.root
        #expect([root] == shown["root 3"]?.map(hex))
        let proof = InclusionProof(index: 1, size: 3, path: try #require(shown["proof 1"]).map(hex))
        #expect(proof.verifies(leaf: leaves[1], root: root))
        #expect(!proof.verifies(leaf: leaves[0], root: root))
    }

    @Test func `the sealed part opens with the person's key and says this`() throws {
        let event = try EventLine.parse(try lines()[1])
        let shown = values(try file("sealed.txt"))
        let key = PersonKey(bytes: hex(try #require(shown["person key"]?.first)))
        let place = SealingPlace(
            organization: event.organization, stream: event.stream, version: event.version, type: event.type.utf8,
            schema: event.schema)
        var opened: [String?] = []
        try (event.private ?? []).withUnsafeBytes { bytes in
            try SealedParts.walk(bytes) {
                opened.append(key.open($0, at: place).map { String(decoding: $0, as: UTF8.self) })
            }
        }
        #expect(opened == [shown["plaintext"]?.first])
        let again = key.seal(
            Array(try #require(shown["plaintext"]?.first).utf8), .data, of: event.stream, at: place,
            nonce: hex(try #require(shown["nonce"]?.first)))
        #expect(SealedParts.bytes([again]) == event.private)
        #expect([again.commitment] == shown["commitment"]?.map(hex))
    }

    @Test func `the head is signed by the key that the first line names`() throws {
        let note = try #require(SignedNote(try file("checkpoint")))
        let key = try #require(VerifierKey(try file("key.pub").trimmingCharacters(in: .newlines)))
        #expect(note.isSigned(by: key))
        let head = try #require(Checkpoint(note))
        #expect(head.size == 3)
        #expect([head.root] == values(try examples("tree.md")[0])["root 3"]?.map(hex))
        let first = try EventLine.parse(try lines()[0])
        let data = try JSON(parsing: first.data)
        #expect(data["log"]?["key"]?.string == key.text)
        #expect(data["log"]?["origin"]?.string == Checkpoint.origin(of: first.organization))
        let document = try String(contentsOf: Self.folder.appending(path: "checkpoint.md"), encoding: .utf8)
        #expect(
            document.contains(key.publicKey.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()))
    }
}
