import Kernel
import Testing

@testable import Projections

@Suite struct ScannerTests {
    /// What the scanner finds: kind and text of each path.
    private func scan(_ json: String, _ paths: [[String]]) throws -> [String] {
        let tree = PathTree(paths)
        let values = UnsafeMutablePointer<Value>.allocate(capacity: paths.count + 1)
        defer { values.deallocate() }
        let bytes = Array(json.utf8)
        return try bytes.withUnsafeBytes { buffer in
            try Scanner.scan(buffer, tree, into: values)
            return (0..<paths.count).map { i in
                let value = values[i]
                switch value.kind {
                case .absent, .null, .misplaced: return "\(value.kind)"
                case .escaped:
                    var out = [UInt8](repeating: 0, count: Int(value.count) + 4)
                    guard let n = value.unescape(to: &out) else { return "broken" }
                    return "string " + String(decoding: out.prefix(n), as: UTF8.self)
                case .string, .number, .bool, .object, .array:
                    let text = UnsafeBufferPointer(start: value.start, count: Int(value.count))
                    return "\(value.kind) " + String(decoding: text, as: UTF8.self)
                }
            }
        }
    }

    @Test func `wanted members are found wherever they stand, and the rest is stepped over`() throws {
        let json =
            #"{"x":[1,{"a":"no"},"]"],"a":"yes","b":{"c":{"d":-12.5e3},"a":"no"},"e":[1,2,{"z":[]}],"f":true,"g":{}}"#
        let paths = [["a"], ["b", "c", "d"], ["e"], ["f"], ["g"], ["b", "x"], ["nothing"], ["b", "c"]]
        #expect(
            try scan(json, paths) == [
                "string yes", "number -12.5e3", #"array [1,2,{"z":[]}]"#, "bool true", "object {}", "absent", "absent",
                #"object {"d":-12.5e3}"#,
            ])
    }

    @Test func `space between the tokens changes nothing`() throws {
        #expect(
            try scan(" {\n \"a\" :\t{ \"b\" : 1 , \"c\" : null } } ", [["a", "b"], ["a", "c"]]) == ["number 1", "null"])
        #expect(try scan("{ }", [["a"]]) == ["absent"])
    }

    @Test func `escapes and surrogate pairs become what they say`() throws {
        let json = #"{"a":"\"\\\/\b\f\n\r\t","b":"\u00e9\u4e2d\ud83d\ude00x","c":"naïve 😀","\u0064":"escaped name"}"#
        #expect(
            try scan(json, [["a"], ["b"], ["c"], ["d"]]) == [
                "string \"\\/\u{8}\u{c}\n\r\t", "string é中😀x", "string naïve 😀", "string escaped name",
            ])
    }

    @Test func `a lone surrogate, a broken escape and U+0000 are no text`() throws {
        for bad in [#"\ud83d"#, #"\ud83dx"#, #"\ud83d\u0041"#, #"\ude00"#, #"\u00zz"#, #"\u12"#, #"\x"#, #"\u0000"#] {
            #expect(try scan("{\"a\":\"\(bad)\"}", [["a"]]) == ["broken"], "\(bad)")
        }
    }

    @Test func `a path through null is null, through nothing absent, through a scalar misplaced`() throws {
        let paths = [["set", "amount", "minor"], ["set", "amount", "currency"]]
        #expect(try scan(#"{"set":{"amount":null}}"#, paths) == ["null", "null"])
        #expect(try scan(#"{"set":null}"#, paths) == ["null", "null"])
        #expect(try scan(#"{"set":{}}"#, paths) == ["absent", "absent"])
        #expect(try scan(#"{"set":{"amount":{"minor":5}}}"#, paths) == ["number 5", "absent"])
        #expect(try scan(#"{"set":{"amount":7}}"#, paths) == ["misplaced", "misplaced"])
        #expect(try scan(#"{"set":[]}"#, paths) == ["misplaced", "misplaced"])
    }

    @Test func `names longer than eight bytes and with the same beginning are told apart`() throws {
        let json = #"{"expected_close":1,"expected_closed":2,"expected":3,"expecte":4}"#
        let paths = [["expected_closed"], ["expected_close"], ["expecte"], ["expected"], ["expected_c"]]
        #expect(try scan(json, paths) == ["number 2", "number 1", "number 4", "number 3", "absent"])
    }

    @Test func `a document a hundred thousand levels deep needs no stack`() throws {
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(try scan("{\"x\":\(deep),\"a\":1}", [["a"]]) == ["number 1"])
        let objects = String(repeating: "{\"a\":", count: 50_000) + "1" + String(repeating: "}", count: 50_000)
        #expect(try scan(objects, [["a", "a", "a", "b"]]) == ["absent"])
    }

    @Test func `what is not JSON is malformed, or its wanted members are still right; nothing is read beyond the end`()
        throws
    {
        for bad in [
            "", "[]", "1", "{", "{\"a\"", "{\"a\":", "{\"a\":}", "{\"a\":1", "{a:1}", "{\"a\":1,", "{\"a\" 1}",
            "{\"a\":\"x",
        ] {
            #expect(throws: Malformed.self, "\(bad)") { try scan(bad, [["a"]]) }
        }
        var random = Seeded(7)
        let good = Array(#"{"a":{"b":"x\n\u00e9"},"c":[1,2,{"d":null}],"e":-1.5e7}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0...random.next() % 3 {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            bytes.removeLast(Int(random.next() % 5))
            let values = UnsafeMutablePointer<Value>.allocate(capacity: 4)
            defer { values.deallocate() }
            // Exactly as long as its bytes, so that a sanitizer sees a step too far.
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
            defer { copy.deallocate() }
            copy.copyBytes(from: bytes)
            let tree = PathTree([["a", "b"], ["c"], ["e"]])
            try? Scanner.scan(UnsafeRawBufferPointer(copy), tree, into: values)
        }
    }

    @Test func `numbers, ids, days and times are read exactly or not at all`() {
        func value(_ text: String, _ kind: Value.Kind, _ body: (Value) -> Bool) -> Bool {
            let bytes = Array(text.utf8)
            return bytes.withUnsafeBufferPointer {
                body(Value(kind: kind, count: Int32(text.utf8.count), start: $0.baseAddress!))
            }
        }
        #expect(value("-9223372036854775808", .number) { $0.integer() == .min })
        #expect(value("9223372036854775807", .number) { $0.integer() == .max })
        for bad in ["9223372036854775808", "1.0", "1e3", "-", "99999999999999999999"] {
            #expect(value(bad, .number) { $0.integer() == nil }, "\(bad)")
        }
        #expect(
            value("00112233-4455-6677-8899-aAbBcCdDeEfF", .string) {
                $0.uuid()?.uuid.text == "00112233-4455-6677-8899-aabbccddeeff"
            })
        for bad in [
            "00112233-4455-6677-8899-aabbccddeefg", "0011223G-4455-6677-8899-aabbccddeeff",
            "o0112233-4455-6677-8899-aabbccddeeff", "00112233x4455-6677-8899-aabbccddeeff",
            "00112233-4455-6677-8899-aabbccddeef/",
        ] {
            #expect(value(bad, .string) { $0.uuid() == nil }, "\(bad)")
        }
        #expect(value("2000-03-01", .string) { $0.day() == 60 })
        #expect(value("1999-12-31", .string) { $0.day() == -1 })
        for bad in ["2001-02-29", "2000-13-01", "2000-00-10", "20x0-01-01", "2000/01/01"] {
            #expect(value(bad, .string) { $0.day() == nil }, "\(bad)")
        }
        #expect(value("2000-01-01T01:00:00.5+01:00", .string) { $0.instant() == 500_000 })
        #expect(value("yesterday", .string) { $0.instant() == nil })
    }

    @Test(arguments: [
        ("1.50", "1.50"), ("-0.0", "0.0"), ("007", "7"), ("1.5e3", "1500"), ("12e-4", "0.0012"), ("1.25e1", "12.5"),
        ("1e400", "1" + String(repeating: "0", count: 400)), ("0", "0"), ("-12.34", "-12.34"), ("1e-2", "0.01"),
    ])
    func `a decimal keeps its digits and loses its exponent`(_ written: String, _ plain: String) {
        var out = [UInt8](repeating: 0, count: Numeric.room(written.utf8.count))
        let length = Array(written.utf8).withUnsafeBufferPointer { Numeric.plain($0.baseAddress!, $0.count, to: &out) }
        #expect(length.map { String(decoding: out.prefix($0), as: UTF8.self) } == plain)
    }

    @Test(arguments: ["", "-", ".5", "1.", "1e", "1e401", "1e9999999999", "abc", "1 ", "0x10", "--1"])
    func `what is no decimal is refused`(_ written: String) {
        var out = [UInt8](repeating: 0, count: 600)
        let bytes = Array((written + " ").utf8)
        let length = bytes.withUnsafeBufferPointer { Numeric.plain($0.baseAddress!, written.utf8.count, to: &out) }
        #expect(length == nil)
    }
}
