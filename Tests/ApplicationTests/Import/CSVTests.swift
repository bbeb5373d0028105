import Foundation
import Testing

@testable import Application

@Suite struct CSVTests {
    /// What a text holds, fed in pieces of `size` bytes.
    static func items(_ text: String, pieces size: Int = 7, limit: Int = 1 << 20, delimiter: Character = ",")
        -> [CSV.Item]
    {
        var parser = CSV.Parser(CSV.Format(delimiter: delimiter.asciiValue!), limit: limit)
        let bytes = Array(text.utf8)
        var items: [CSV.Item] = []
        for first in stride(from: 0, to: bytes.count, by: size) {
            parser.feed(bytes[first..<min(first + size, bytes.count)])
            while let item = parser.next() { items.append(item) }
        }
        parser.finish()
        while let item = parser.next() { items.append(item) }
        return items
    }
    static func rows(_ text: String, pieces: Int = 7) -> [[String]] {
        items(text, pieces: pieces).compactMap { if case .record(let record) = $0 { record.fields } else { nil } }
    }

    @Test(arguments: [1, 2, 3, 5, 64, 4096])
    func `records are the same whatever the pieces`(pieces: Int) {
        let text = "a,b,c\r\n1,\"two, three\",4\r\n\"say \"\"hi\"\"\",\"line one\r\nline two\",\"\"\r\n,,\r\nlast,é,漢"
        #expect(
            Self.rows(text, pieces: pieces) == [
                ["a", "b", "c"], ["1", "two, three", "4"], ["say \"hi\"", "line one\r\nline two", ""], ["", "", ""],
                ["last", "é", "漢"],
            ])
    }
    @Test func `lines are counted as an editor counts them`() {
        let items = Self.items("a,b\n\"x\ny\r\nz\",1\n\n2,3\r4,5")
        let lines = items.map { if case .record(let record) = $0 { record.line } else { -1 } }
        #expect(lines == [1, 2, 6, 7])
    }
    @Test func `a byte order mark is dropped and blank lines are skipped`() {
        #expect(Self.rows("\u{FEFF}a,b\n\n\r\n1,2\n\n", pieces: 1) == [["a", "b"], ["1", "2"]])
        #expect(Self.rows("a") == [["a"]])
        #expect(Self.rows("") == [])
        #expect(Self.rows("a\n\"\"\nb\n") == [["a"], [""], ["b"]])
    }
    @Test func `a delimiter at the end of the file has an empty field behind it`() {
        #expect(Self.rows("a,b\n1,", pieces: 1) == [["a", "b"], ["1", ""]])
    }
    @Test func `a quote inside an unquoted field is itself`() {
        #expect(Self.rows("size,n\n5\" pipe,1\n") == [["size", "n"], ["5\" pipe", "1"]])
    }
    @Test func `another delimiter may stand between fields`() {
        let items = Self.items("a;b\n1,5;2\n", delimiter: ";")
        #expect(items.last == .record(CSV.Record(line: 2, fields: ["1,5", "2"])))
    }
    @Test(arguments: [1, 5, 4096])
    func `a row that cannot be read costs its first line only`(pieces: Int) {
        let items = Self.items("a,b\n\"open,1\n2,3\n\"x\"y,4\n5,6\n7\n8,9,10\n11,12\n", pieces: pieces)
        #expect(
            items == [
                .record(CSV.Record(line: 1, fields: ["a", "b"])),
                .broken(line: 2, .textAfterQuote, text: "\"open,1"),
                .record(CSV.Record(line: 3, fields: ["2", "3"])),
                .broken(line: 4, .textAfterQuote, text: "\"x\"y,4"),
                .record(CSV.Record(line: 5, fields: ["5", "6"])),
                .broken(line: 6, .fieldCount, text: "7"),
                .broken(line: 7, .fieldCount, text: "8,9,10"),
                .record(CSV.Record(line: 8, fields: ["11", "12"])),
            ])
    }
    @Test func `a quote that nothing closes does not swallow the file`() {
        let items = Self.items("a,b\n1,2\n\"open,3\n4,5\n6,7")
        #expect(items.count == 5)
        #expect(items[2] == .broken(line: 3, .unclosedQuote, text: "\"open,3"))
        #expect(items[4] == .record(CSV.Record(line: 5, fields: ["6", "7"])))
        let far = Self.items("a,b\n\"open,1\n" + String(repeating: "2,3\n", count: 500), pieces: 100, limit: 1000)
        #expect(far.count == 502)
        #expect(far[1] == .broken(line: 2, .unclosedQuote, text: "\"open,1"))
    }
    @Test(arguments: [100, 5000])
    func `a row longer than what is held is given up, the next is read`(pieces: Int) {
        let long = String(repeating: "x", count: 3000)
        let items = Self.items("a,b\r\n1,\(long)\r\n2,3\r\n", pieces: pieces, limit: 1000)
        #expect(items.count == 3)
        guard case .broken(line: 2, .tooLong, _) = items[1] else { return #expect(Bool(false), "\(items[1])") }
        #expect(items[2] == .record(CSV.Record(line: 3, fields: ["2", "3"])))
    }
    @Test func `a row that is not UTF-8 is told, the next is read`() {
        var parser = CSV.Parser()
        parser.feed(Array("a\n".utf8) + [0xE9, 0x0A] + Array("b\n".utf8))
        parser.finish()
        _ = parser.next()
        guard case .broken(line: 2, .notUTF8, _)? = parser.next() else { return #expect(Bool(false)) }
        #expect(parser.next() == .record(CSV.Record(line: 3, fields: ["b"])))
    }
    @Test func `what is written is read back`() {
        let rows = [["a", "b"], ["", ""], ["1,2", "\"x\""], ["line\nend", " edge "], ["\r", "漢"]]
        #expect(Self.rows(rows.map { CSV.line($0) }.joined()) == rows)
        #expect(Self.rows(CSV.line([""])) == [[""]])
    }
    @Test func `a large file is read in little memory`() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "daybook-\(UUID().uuidString).csv").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        let handle = try #require(FileHandle(forWritingAtPath: path))
        let block = (0..<1000).map { "\($0),\"name, of \($0)\",\(String(repeating: "x", count: 80))\n" }.joined()
        handle.write(Data("id,name,text\n".utf8))
        for _ in 0..<200 { handle.write(Data(block.utf8)) }
        try handle.close()
        let file = try CSV.File(path)
        var count = 0
        while let item = try file.next() {
            guard case .record = item else { return #expect(Bool(false), "\(item)") }
            count += 1
        }
        #expect(count == 200_001)
        #expect(file.size > 19_000_000)
        #expect(file.read == file.size)
        #expect(file.peak < 200_000, "a piece and a record are held, not the file")
    }
    @Test func `a file that is not there, is UTF-16 or is compressed is told in a sentence`() throws {
        #expect(throws: CSV.Unreadable("There is no file /no/such.csv that can be read.")) {
            _ = try CSV.File("/no/such.csv")
        }
        let path = FileManager.default.temporaryDirectory.appending(path: "daybook-\(UUID().uuidString).csv").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(FileManager.default.createFile(atPath: path, contents: Data([0xFF, 0xFE, 0x61, 0x00])))
        #expect(throws: CSV.Unreadable("\(path) is UTF-16; save it as UTF-8.")) { _ = try CSV.File(path) }
        #expect(FileManager.default.createFile(atPath: path, contents: Data([0x1F, 0x8B, 0x08, 0x00])))
        let sentence = "\(path) is compressed; unpack it first (gunzip --keep \(path)) and import what comes out."
        #expect(throws: CSV.Unreadable(sentence)) { _ = try CSV.File(path) }
    }
}
