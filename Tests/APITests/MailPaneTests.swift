import Foundation
import FoundationXML
import Testing

@testable import API

/// What a mail program is told of, and what it then shows.
@Suite(.serialized) struct MailPaneTests {
    private static let base = "https://crm.example.com:8443"

    private func get(_ path: String) async throws -> Wire.Answer {
        try await House.shared.value.tenant().anonymously(Call("GET", path))
    }

    /// Elements and attributes of an XML document; nil where it is not well formed.
    private final class Document: NSObject, XMLParserDelegate {
        var elements: [(name: String, attributes: [String: String])] = []

        init?(_ bytes: [UInt8]) {
            super.init()
            let parser = XMLParser(data: Data(bytes))
            parser.delegate = self
            guard parser.parse() else { return nil }
        }
        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            elements.append((name, attributes))
        }
        func all(_ attribute: String) -> [String] { elements.compactMap { $0.attributes[attribute] } }
    }

    @Test func `the manifest is one of a web add-in, and names what is there`() async throws {
        let answer = try await get("/mail/add-in.xml?url=\(Self.base)")
        #expect(answer.status == 200 && answer["content-type"] == "application/xml; charset=utf-8")
        let document = try #require(Document(answer.body))
        #expect(document.elements.first?.name == "OfficeApp")
        #expect(document.elements.first?.attributes["xsi:type"] == "MailApp")
        // What a label, an icon or an action refers to is among the resources.
        #expect(Set(document.all("resid")).isSubset(of: document.all("id")))
        let urls = document.all("DefaultValue").filter { $0.contains("://") }
        #expect(urls.count >= 7)
        for url in urls {
            #expect(url.hasPrefix(Self.base + "/mail/"))
            let named = try await get(String(url.dropFirst(Self.base.count)))
            let type = url.hasSuffix(".png") ? "image/png" : "text/html; charset=utf-8"
            #expect(named.status == 200 && named["content-type"] == type, "\(url)")
            #expect(named["cache-control"] == "public, max-age=3600")
            if url.hasSuffix(".png") { #expect(named.body.starts(with: [0x89] + Array("PNG".utf8))) }
        }
    }

    @Test func `the page stands on what is served beside it`() async throws {
        let page = try await get("/mail/pane.html")
        #expect(page["content-security-policy"]?.contains("default-src 'none'") == true)
        for (file, type) in [("pane.css", "text/css; charset=utf-8"), ("pane.js", "text/javascript; charset=utf-8")] {
            #expect(page.text.contains("\"\(file)\""))
            let answer = try await get("/mail/\(file)")
            #expect(answer.status == 200 && answer["content-type"] == type)
        }
    }

    @Test(arguments: [
        "", "?url=", "?url=http://crm.example.com", "?url=https://crm.example.com/daybook", "?url=https://a%22b",
        "?url=https://a&url=https://b", "?url=https://-", "?base=https://a.example",
    ])
    func `an address that mail programs do not take is refused`(query: String) async throws {
        let answer = try await get("/mail/add-in.xml\(query)")
        #expect(answer.status == 400, "\(answer.text)")
    }
}
