import Testing

@testable import API

@Suite struct MultipartTests {
    private static let body =
        "preamble\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--b  \r\n"
        + "Content-Disposition: form-data; name=\"f\"; filename=\"x\"\r\nContent-Type: text/plain\r\n\r\n"
        + "\r\n--a\r\n-\r\n--b\r\nX: y\r\n\r\n\r\n--b--\r\nepilogue"
    private static let events: [MultipartParser.Event] = [
        .passed(10), .part(headers: ["Content-Disposition: form-data; name=\"a\""]), .bytes(Array("one".utf8)),
        .partEnd,
        .part(headers: ["Content-Disposition: form-data; name=\"f\"; filename=\"x\"", "Content-Type: text/plain"]),
        .bytes(Array("\r\n--a\r\n-".utf8)), .partEnd, .part(headers: ["X: y"]), .partEnd, .passed(12),
    ]

    /// Bytes that follow each other as one.
    private func joined(_ events: [MultipartParser.Event]) -> [MultipartParser.Event] {
        events.reduce(into: []) { all, event in
            switch (all.last, event) {
            case (.bytes(let bytes)?, .bytes(let more)): all[all.count - 1] = .bytes(bytes + more)
            case (.passed(let count)?, .passed(let more)): all[all.count - 1] = .passed(count + more)
            case _: all.append(event)
            }
        }
    }

    @Test(arguments: 1...40) func `a body is taken apart alike, however it is divided on the way`(step: Int) throws {
        var parser = MultipartParser(boundary: "b")
        var events: [MultipartParser.Event] = []
        let bytes = Array(Self.body.utf8)
        for start in stride(from: 0, to: bytes.count, by: step) {
            #expect(!parser.isWhole || start > bytes.count - 30)
            events += try parser.take(bytes[start..<min(start + step, bytes.count)])
        }
        #expect(joined(events) == Self.events)
        #expect(parser.isWhole)
    }

    @Test(arguments: ["--b\r\nX: y\r\n\r\nabc", "--b\r\nX: y", "--b", "", "--b\r\nX: y\r\n\r\nabc\r\n--b-"])
    func `what was cut short is not whole`(body: String) throws {
        var parser = MultipartParser(boundary: "b")
        _ = try parser.take(Array(body.utf8))
        #expect(!parser.isWhole)
    }

    @Test func `headers have an end`() {
        let long = "--b\r\nX: " + String(repeating: "y", count: MultipartParser.headerLimit)
        for body in [long, "--bx\r\n\r\n", "--b\r\nX: \u{0}".replacing("\u{0}", with: "y") + long.dropFirst(3)] {
            var parser = MultipartParser(boundary: "b")
            #expect(throws: MultipartParser.Malformed.self) { try parser.take(Array(body.utf8)) }
        }
    }

    @Test func `a header's parameters are read as browsers write them`() {
        let value = HeaderValue("Form-Data ; name=file; filename=\"a \\\"b\\\"; c.pdf\"; size=3")
        #expect(value.value == "form-data")
        #expect(value.parameters == ["name": "file", "filename": "a \"b\"; c.pdf", "size": "3"])
        let extended = HeaderValue("attachment; filename=\"_.txt\"; filename*=UTF-8''%c3%a9%20b.txt")
        #expect(extended.parameters == ["filename": "é b.txt"])
        #expect(HeaderValue("attachment; filename=\"C:\\dir\\a.txt\"").parameters["filename"] == "C:\\dir\\a.txt")
        #expect(HeaderValue("inline; filename*=latin1''a").parameters == [:])
    }

    @Test func `a file is offered under its name, whatever characters that has`() {
        func offered(_ name: String) -> String { HeaderValue.disposition("attachment", filename: name) }
        #expect(offered("a b.pdf") == "attachment; filename=\"a b.pdf\"")
        #expect(
            offered("\u{e9} \"1\".pdf")
                == "attachment; filename=\"_ _1_.pdf\"; filename*=UTF-8''%C3%A9%20%221%22.pdf")
        for name in ["a\r\nX: y", "日本.txt", "100%.txt", "a\\b"] {
            #expect(HeaderValue(offered(name)).parameters["filename"] == name)
            #expect(!offered(name).contains("\n"))
        }
    }

    @Test(arguments: [
        (nil, ByteRange.whole), ("bytes=0-3", .part(0..<4)), ("bytes=4-", .part(4..<10)), ("bytes=-3", .part(7..<10)),
        ("bytes=0-99", .part(0..<10)), ("bytes=-99", .part(0..<10)), ("bytes=9-9", .part(9..<10)),
        ("bytes=10-", .unsatisfiable), ("bytes=-0", .unsatisfiable), ("bytes=3-2", .whole), ("bytes=0-1,3-4", .whole),
        ("lines=0-1", .whole), ("bytes=a-b", .whole), ("bytes=-", .whole),
        ("bytes=0-99999999999999999999", .part(0..<10)),
        ("bytes=99999999999999999999-", .unsatisfiable),
    ])
    func `a range is within what is there`(header: String?, range: ByteRange) {
        #expect(ByteRange(header, if: nil, is: "\"x\"", of: 10) == range)
        #expect(ByteRange(header, if: "\"x\"", is: "\"x\"", of: 10) == range)
        #expect(ByteRange(header, if: "\"y\"", is: "\"x\"", of: 10) == .whole, "it is another file by now")
    }
}
