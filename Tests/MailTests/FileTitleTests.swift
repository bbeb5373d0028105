import Testing

@testable import Mail

/// What becomes of names that a message gives to files.
@Suite struct FileTitleTests {
    @Test(arguments: [
        ("offer.pdf", "offer.pdf"), ("C:\\papers\\a b.pdf", "a b.pdf"), ("../../etc/passwd", "passwd"),
        (" a\r\n\t b\u{0}\u{7}.txt ", "a b.txt"), ("e\u{301}.txt", "\u{e9}.txt"), ("", nil), ("..", nil), ("a/", "a"),
        (" \u{1} ", nil),
    ])
    func `a name is one line without folders`(said: String, name: String?) {
        #expect(FileTitle(said)?.text == name)
    }

    @Test(arguments: ["x", "\u{e9}", "漢", "🏳️‍🌈", "g\u{328}\u{302}"])
    func `one that is too long is cut between characters, and keeps its extension`(letter: String) throws {
        let name = try #require(FileTitle(String(repeating: letter, count: 300) + ".tar.pdf")?.text)
        #expect(name.utf8.count <= 255 && name.utf8.count > 255 - letter.utf8.count)
        #expect(name.hasSuffix(".pdf") && name.dropLast(4).allSatisfy { String($0) == letter })
        let bare = try #require(FileTitle(String(repeating: letter, count: 300))?.text)
        #expect(bare.utf8.count <= 255 && bare.allSatisfy { String($0) == letter })
    }

    @Test func `a character without end is cut, and what is no extension is no tail`() throws {
        let endless = try #require(FileTitle("a" + String(repeating: "\u{301}\u{302}", count: 1000) + ".pdf")?.text)
        #expect(endless.utf8.count <= 255 && endless.unicodeScalars.first == "\u{e1}" && endless.hasSuffix(".pdf"))
        let dotted = try #require(FileTitle("." + String(repeating: "x", count: 300))?.text)
        #expect(dotted.utf8.count == 255)
    }
}
