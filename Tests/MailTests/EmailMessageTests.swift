import Kernel
import Testing

@testable import Mail

/// Messages as mail programs write them, with what is wrong with them.
@Suite struct EmailMessageTests {
    private static func read(_ text: String) throws -> EmailMessage { try read(Array(text.utf8)) }
    private static func read(_ bytes: [UInt8]) throws -> EmailMessage { try EmailMessage(reading: bytes) }
    /// Text with the letters beyond ASCII as one byte each.
    private static func latin(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }
    private static func codes(_ message: EmailMessage) -> [EmailMessage.Warning.Code] { message.warnings.map(\.code) }

    @Test func `a message with two texts and a file is read whole`() throws {
        let message = try Self.read(
            """
            From: "Lovelace, Ada" <Ada@Example.com>
            To: bob@example.org, Team: carl@example.org, "Dee" <dee@example.org>;
            Cc: =?utf-8?q?=C3=85sa?= <asa@example.se>
            Reply-To: desk@example.com
            Subject: =?utf-8?B?R3LDvMOfZQ==?= from
             London
            Date: Mon, 2 Mar 2026 10:00:00 +0100
            Received: from a by b; Mon, 02 Mar 2026 09:00:07 +0000
            Message-ID: <two@example.com>
            In-Reply-To: <one@example.com>
            References: <zero@example.com> <one@example.com>
            MIME-Version: 1.0
            Content-Type: multipart/mixed; boundary=out

            --out
            Content-Type: multipart/alternative; boundary=in

            --in
            Content-Type: text/plain; charset=utf-8

            Grüße
            --in
            Content-Type: text/html; charset=utf-8

            <p>Grüße</p>
            --in--
            --out
            Content-Type: application/pdf; name="offer.pdf"
            Content-Disposition: attachment; filename="../../etc/offer.pdf"
            Content-Transfer-Encoding: base64

            JVBERg==
            --out--
            """)
        #expect(message.messageID == "two@example.com" && message.inReplyTo == ["one@example.com"])
        #expect(message.references == ["zero@example.com", "one@example.com"])
        #expect(message.subject == "Grüße from London")
        #expect(message.from.map(\.name) == ["Lovelace, Ada"] && message.from.map(\.normal) == ["ada@example.com"])
        #expect(message.to.map(\.address) == ["bob@example.org", "carl@example.org", "dee@example.org"])
        #expect(message.cc.map(\.name) == ["Åsa"] && message.replyTo.map(\.address) == ["desk@example.com"])
        #expect(message.date?.instant.text == "2026-03-02T09:00:00.000000Z" && message.date?.offset == 60)
        #expect(message.receivedAt?.text == "2026-03-02T09:00:07.000000Z")
        #expect(message.text == "Grüße" && message.html == "<p>Grüße</p>")
        let file = EmailMessage.Part(
            name: "offer.pdf", type: "application/pdf", isInline: false, bytes: Array("%PDF".utf8))
        #expect(message.parts == [file])
        #expect(message.warnings == [])
    }

    @Test func `a text is read in the charset that it is in, whatever it says`() throws {
        let japanese = try Self.read(
            "From: a@b.example\nDate: Mon, 2 Mar 2026 10:00:00 +0900\nSubject: =?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?=\n"
                + "Content-Type: text/plain; charset=ISO-2022-JP\n\n\u{1B}$B%F%9%H\u{1B}(B\n")
        #expect(japanese.subject == "テスト" && japanese.text == "テスト\n" && japanese.warnings == [])

        func message(_ charset: String, _ body: [UInt8]) throws -> EmailMessage {
            let head = "From: a@b.example\nDate: Mon, 2 Mar 2026 10:00:00 +0900\nContent-Type: text/plain; "
            return try Self.read(Array("\(head)charset=\(charset)\n\n".utf8) + body)
        }
        let windows: [UInt8] = [0x93] + Self.latin("Grüße") + [0x94, 0x20, 0x80]
        let guessed = try message("us-ascii", windows)
        #expect(guessed.text == "“Grüße” €" && Self.codes(guessed) == [.charsetWrong])
        #expect(try message("iso-8859-1", windows).text == "“Grüße” €")
        #expect(try message("iso-8859-1", windows).warnings == [])
        let unicode = try message("us-ascii", Array("Grüße".utf8))
        #expect(unicode.text == "Grüße" && Self.codes(unicode) == [.charsetWrong])
        let broken = try message("utf-8", Self.latin("Grüße"))
        #expect(broken.text == "Gr\u{FFFD}\u{FFFD}e" && Self.codes(broken) == [.charsetWrong])
        let unknown = try message("klingon", Self.latin("Grüße"))
        #expect(unknown.text == "Grüße" && Self.codes(unknown) == [.charsetUnknown])
        #expect(try message("gb2312", [0xC4, 0xE3, 0x87, 0x46]).text == "你嘑")
    }

    @Test func `headers in letters beyond ASCII are read and said`() throws {
        let message = try Self.read(
            Self.latin("From: Jörg <j@b.example>\nSubject: Grüße\nDate: Mon, 2 Mar 2026 10:00:00 +0000\n\nx"))
        #expect(message.from.first?.name == "Jörg" && message.subject == "Grüße")
        #expect(Set(Self.codes(message)) == [.headerNotEncoded])
    }

    @Test func `where the empty line behind the header is missing, the text is found`() throws {
        let message = try Self.read(
            "From: a@b.example\nSubject: Hi\nDate: Mon, 2 Mar 2026 10:00:00 +0000\nthis is no header\nnor: this\n")
        #expect(message.subject == "Hi" && message.text == "this is no header\nnor: this\n")
        #expect(Self.codes(message) == [.separatorMissing])
    }

    @Test func `who wrote it may be missing, said twice, or be told in no way of mail`() throws {
        let nobody = try Self.read("Subject: x\nDate: Mon, 2 Mar 2026 10:00:00 +0000\n\nx")
        #expect(nobody.from == [] && Self.codes(nobody) == [.senderMissing])
        let two = try Self.read(
            "From: a@b.example\nFrom: c@d.example\nDate: Mon, 2 Mar 2026 10:00:00 +0000\n\nx")
        #expect(two.from.map(\.address) == ["a@b.example", "c@d.example"] && Self.codes(two) == [.headerRepeated])
        let odd = try Self.read("From: write to ann@b.example please\nDate: Mon, 2 Mar 2026 10:00:00 +0000\n\nx")
        #expect(odd.from.map(\.address) == ["ann@b.example"] && Set(Self.codes(odd)) == [.addressUnreadable])
    }

    @Test func `a date that is none, or none at all, is said`() throws {
        #expect(Self.codes(try Self.read("From: a@b.example\nDate: yesterday\n\nx")) == [.dateUnreadable])
        #expect(Self.codes(try Self.read("From: a@b.example\n\nx")) == [.dateMissing])
    }

    @Test func `zero bytes are left out, and lone carriage returns end lines`() throws {
        let zeros = try Self.read("From: a@b.example\nDate: Mon, 2 Mar 2026 10:00:00 +0000\nSubject: a\0b\n\nc\0d")
        #expect(zeros.subject == "ab" && zeros.text == "cd" && Set(Self.codes(zeros)) == [.zerosLeftOut])
        let old = try Self.read("From: a@b.example\rDate: Mon, 2 Mar 2026 10:00:00 +0000\rSubject: s\r\rtext\r")
        #expect(old.subject == "s" && old.text == "text\n" && Self.codes(old) == [.lineEndsOdd])
    }

    @Test func `what is cut off is read as far as it goes`() throws {
        let message = try Self.read(
            """
            From: a@b.example
            Date: Mon, 2 Mar 2026 10:00:00 +0000
            Content-Type: multipart/mixed; boundary=b

            --b

            hello
            --b
            Content-Type: image/png
            Content-Transfer-Encoding: base64

            SGVsbG8gd29ybGQ
            """)
        #expect(message.text == "hello" && message.parts.map(\.bytes) == [Array("Hello wor".utf8)])
        #expect(Set(Self.codes(message)) == [.cutOff] && message.warnings.count == 2)
        let open = try Self.read(
            "From: a@b.example\nDate: Mon, 2 Mar 2026 10:00:00 +0000\nContent-Type: multipart/mixed\n\n--b\n\nx\n--b--\n"
        )
        #expect(open.text?.contains("x") == true && Self.codes(open).contains(.structureBroken))
    }

    @Test func `a message within a message stays a file, and an Outlook package as it is`() throws {
        let message = try Self.read(
            """
            From: a@b.example
            Date: Mon, 2 Mar 2026 10:00:00 +0000
            Content-Type: multipart/mixed; boundary=b

            --b
            Content-Type: message/rfc822

            From: inner@b.example
            Subject: The inner one

            not mine
            --b
            Content-Type: application/ms-tnef; name=winmail.dat

            xyz
            --b
            Content-Type: application/octet-stream
            Content-Transfer-Encoding: rot13

            uryyb
            --b--
            """)
        #expect(message.text == nil && message.parts.map(\.name) == ["The inner one.eml", "winmail.dat", nil])
        let inner = try EmailMessage(reading: message.parts[0].bytes)
        #expect(inner.from.map(\.address) == ["inner@b.example"] && inner.text?.hasPrefix("not mine") == true)
        #expect(message.parts[2].bytes == Array("uryyb".utf8))
        #expect(Set(Self.codes(message)) == [.notUnpacked, .encodingUnknown])
    }

    @Test func `where there is only HTML, its words are the text`() throws {
        let message = try Self.read(
            """
            From: a@b.example
            Date: Mon, 2 Mar 2026 10:00:00 +0000
            Content-Type: text/html; charset=utf-8

            <html><head><title>No</title><style>p { color: red }</style></head><body><!-- no -->
            <p>Dear&nbsp;Ann,</p><p>2 &lt; 3 &amp;&#x20ac; 1 < 2<br>Yours</p>
            <script>no("</p>")</script><ul><li>one<LI>two</ul></body></html>
            """)
        #expect(message.text == "Dear Ann,\n\n2 < 3 &€ 1 < 2\nYours\n\none\ntwo")
        #expect(PlainText(html: "<").text == "<" && PlainText(html: "a & b &# &#0; <b").text == "a & b &# &#0;")
    }

    @Test func `what is no message is refused, and nothing makes the reader fall`() throws {
        for text in ["", "\n\n", "just words\nand more\n", "\u{1}\u{2}"] {
            #expect(throws: EmailMessage.Unreadable.self) { try Self.read(text) }
        }
        let deep = (0..<3000).map { "Content-Type: multipart/mixed; boundary=b\($0)\n\n--b\($0)\n" }.joined()
        let nested = try Self.read("From: a@b.example\n\(deep)\nx")
        #expect(Self.codes(nested).contains(.structureBroken))
        let many = String(repeating: "--b\n\nx\n", count: 20_000)
        let crowded = try Self.read("From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n\(many)")
        #expect(Self.codes(crowded).contains(.partsLeftOut))
        let bomb = try Self.read(
            "From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n"
                + String(repeating: "--b\n", count: 200_000) + "\nx")
        #expect(Self.codes(bomb).contains(.partsLeftOut))
        let stray = String(repeating: "this is no header\n", count: 50_000)
        #expect(try Self.read("From: a@b.example\n\(stray)Subject: found\n\nx").subject == "found")
        let header = String(repeating: "a", count: 2_000_000)
        #expect(try Self.read("X-A: \(header)\nFrom: a@b.example\n\nx").from.count == 1)
        // Any message with any of its bytes changed or the rest of it cut off is read or refused, and no more than that.
        let whole = Array(
            """
            From: "A" <a@b.example>, c@d.example
            Subject: =?utf-8?q?=C3=85?=
            Content-Type: multipart/alternative; boundary="x"

            --x
            Content-Type: text/plain; charset=iso-2022-jp

            \u{1B}$B%F%9%H\u{1B}(B
            --x
            Content-Type: text/html

            <p>&auml;</p>
            --x--
            """.utf8)
        for index in whole.indices {
            for byte: UInt8 in [0, 0x0A, 0x22, 0x3C, 0xFF] {
                var bytes = whole
                bytes[index] = byte
                _ = try? Self.read(bytes)
            }
            _ = try? Self.read(Array(whole[..<index]))
        }
    }
}
