import CZip
import Foundation
import FoundationXML

/// The parts of the archive that a workbook is.
final class WorkbookParts {
    /// The most bytes that are unpacked of one file: an archive of a few kilobytes may say that it holds any number.
    static let limit = 1 << 29

    private let archive: OpaquePointer
    private let path: String
    /// How many more are unpacked.
    private var left = WorkbookParts.limit

    /// One part, unpacked.
    struct Part {
        let path: String
        let name: String
        let data: Data

        /// Whether it declares what documents of its kind are made of.
        var declares: Bool { data.range(of: Data("<!DOCTYPE".utf8)) != nil }
    }

    init(_ path: String) throws(CSV.Unreadable) {
        var code: Int32 = 0
        guard let archive = zip_open(path, ZIP_RDONLY, &code) else {
            throw CSV.Unreadable("\(path) cannot be read as a workbook (.xlsx); save it as one again.")
        }
        (self.archive, self.path) = (archive, path)
    }
    deinit { zip_discard(archive) }

    /// A part that is there.
    /// - Throws: `CSV.Unreadable` also where it is not.
    func needed(_ name: String) throws(CSV.Unreadable) -> Part {
        guard let part = try part(name) else { throw CSV.Unreadable("\(path) is no workbook: it lacks \(name).") }
        return part
    }

    /// A part; nil where there is none of that name, in whatever case.
    func part(_ name: String) throws(CSV.Unreadable) -> Part? {
        let number = zip_name_locate(archive, name, ZIP_FL_NOCASE)
        guard number >= 0 else { return nil }
        var facts = zip_stat_t()
        guard zip_stat_index(archive, UInt64(number), 0, &facts) == 0,
            let file = zip_fopen_index(archive, UInt64(number), 0)
        else { throw CSV.Unreadable("\(path) cannot be unpacked; save it again, without a password.") }
        defer { zip_fclose(file) }
        guard facts.size <= left else { throw CSV.Unreadable("\(path) is too large; save it as CSV.") }
        left -= Int(facts.size)
        var data = Data(count: Int(facts.size))
        let read = data.withUnsafeMutableBytes { zip_fread(file, $0.baseAddress, facts.size) }
        guard read == Int64(facts.size) else { throw CSV.Unreadable("\(path) is damaged; save it again.") }
        return Part(path: path, name: name, data: data)
    }
}

/// A reader of one part: of its elements, by their names without prefixes.
class PartReader: NSObject, XMLParserDelegate {
    /// Why the part cannot be taken.
    private var flaw: String?
    private var isBegun = false

    /// Reads a part to its end.
    /// - Throws: `CSV.Unreadable` where it is no XML, or says what cannot be.
    final func parse(_ part: WorkbookParts.Part) throws(CSV.Unreadable) {
        // What a document declares in it stands for texts, which the parser leaves out; a spreadsheet writes none.
        guard !part.declares else {
            throw CSV.Unreadable("\(part.path) is no workbook of a spreadsheet (\(part.name)); save it as one again.")
        }
        let parser = XMLParser(data: part.data)
        parser.shouldResolveExternalEntities = false
        parser.delegate = self
        let isRead = parser.parse()
        if let flaw { throw CSV.Unreadable("\(part.path): \(flaw)") }
        // The parser may say that it read what broke off in the middle.
        guard isRead, isBegun, parser.parserError == nil else {
            throw CSV.Unreadable(
                "\(part.path) is damaged (\(part.name), line \(parser.lineNumber)); open it in a spreadsheet and save "
                    + "it again.")
        }
    }

    /// Says why the part cannot be taken. The first reason stays, and nothing behind it is read.
    final func refuse(_ why: String) { if flaw == nil { flaw = why } }

    func begin(_: String, _: [String: String]) {}
    func end(_: String) {}
    func take(_: String) {}

    /// A name without the prefix of its namespace.
    static func bare(_ name: String) -> String { name.split(separator: ":").last.map(String.init) ?? name }

    // MARK: What does the parser find?

    private func found(_ parser: XMLParser, _ body: () -> Void) {
        guard flaw == nil else { return }
        body()
        if flaw != nil { parser.abortParsing() }
    }
    func parser(
        _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String] = [:]
    ) {
        isBegun = true
        found(parser) { begin(Self.bare(element), attributes) }
    }
    func parser(_ parser: XMLParser, didEndElement element: String, namespaceURI: String?, qualifiedName: String?) {
        found(parser) { end(Self.bare(element)) }
    }
    func parser(_ parser: XMLParser, foundCharacters characters: String) {
        found(parser) { take(characters) }
    }
}

/// Which sheets there are, and where; where texts and styles are.
final class SheetNames: PartReader {
    /// In their order; without a part where the workbook does not say where one is.
    private(set) var sheets: [(name: String, part: String?)] = []
    private(set) var is1904 = false
    private(set) var strings = "xl/sharedStrings.xml"
    private(set) var styles = "xl/styles.xml"
    private var targets: [String: String] = [:]

    override func begin(_ element: String, _ attributes: [String: String]) {
        switch element {
        case "Relationship":
            let target = attributes["Target"] ?? ""
            let part = target.hasPrefix("/") ? String(target.dropFirst()) : "xl/\(target)"
            targets[attributes["Id"] ?? ""] = part
            switch String(attributes["Type"]?.split(separator: "/").last ?? "") {
            case "sharedStrings": strings = part
            case "styles": styles = part
            case _: break
            }
        case "workbookPr": is1904 = ["1", "true"].contains(attributes["date1904"] ?? "")
        case "sheet":
            let id = attributes.first { Self.bare($0.key) == "id" }?.value ?? ""
            sheets.append((attributes["name"] ?? id, targets[id]))
        case _: break
        }
    }
}
