import Files
import Testing

@Suite struct MediaTypeTests {
    @Test(arguments: [
        ("%PDF-1.7\n%\u{e2}", "application/pdf"), ("GIF89a\u{1}\u{0}\u{1}\u{0}", "image/gif"),
        ("Pays by the tenth.\n", "text/plain"), ("{\"a\": [1, 2]}\n", "application/json"),
        ("<html><script>alert(1)</script></html>", "text/html"), ("", "application/octet-stream"),
        ("\u{0}\u{1}\u{2}\u{3}", "application/octet-stream"),
    ])
    func `what begins so is that, whatever it is called`(beginning: String, type: String) {
        #expect(MediaType.sniff(Array(beginning.utf8)) == type)
    }

    @Test func `what somebody says it is, is a media type or nothing`() {
        #expect(MediaType.declared("Text/Plain; charset=utf-8") == "text/plain")
        #expect(MediaType.declared("application/vnd.ms-excel") == "application/vnd.ms-excel")
        for nonsense in ["", "text", "text/", "/plain", "a/b/c", "text/pl\u{e4}in", "a b/c<"] {
            #expect(MediaType.declared(nonsense) == nil || nonsense == "a b/c", "\(nonsense)")
        }
    }
}
