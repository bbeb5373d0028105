import Foundation
import Kernel

/// A file of cards as a table: a row for each card, columns for what is known of people. What else a card says stands
/// in `other`, so that it is not lost without a word.
public struct VCardTable: ImportTable {
    /// The file's name.
    public let name: String
    private let records: [CSV.Record]

    /// Reads a file.
    /// - Throws: `CSV.Unreadable` where it is none that can be read, or holds no card.
    public init(_ path: String) throws(CSV.Unreadable) {
        name = path.split(separator: "/").last.map(String.init) ?? path
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CSV.Unreadable("There is no file \(path) that can be read.")
        }
        let cards = VCard.cards(Array(data))
        guard !cards.isEmpty else { throw CSV.Unreadable("\(path) holds no card (BEGIN:VCARD).") }
        let rows = cards.map { (line: $0.line, cells: $0.cells) }
        // A column in which nothing stands says nothing.
        let columns = VCard.columns.filter { column in rows.contains { $0.cells[column]?.isEmpty == false } }
        records =
            [CSV.Record(line: 1, fields: columns)]
            + rows.map { row in CSV.Record(line: row.line + 1, fields: columns.map { row.cells[$0] ?? "" }) }
    }

    /// From the first card.
    public func rows() -> any ImportRows { ListTable(name, records).rows() }
}

extension VCard {
    /// The columns of a table of cards.
    static let columns = [
        "key", "first_name", "last_name", "organization", "department", "title", "emails", "phone", "mobile",
        "other_phones", "street", "city", "state", "postal_code", "country", "website", "birthday", "nickname",
        "categories", "note", "other",
    ]
    private static let taken: Set = [
        "VERSION", "UID", "N", "FN", "ORG", "TITLE", "ROLE", "EMAIL", "TEL", "ADR", "URL", "BDAY", "NICKNAME",
        "CATEGORIES", "NOTE", "PRODID", "REV", "X-ABLABEL", "SORT-STRING", "LABEL",
    ]

    /// What a row says, by column.
    var cells: [String: String] {
        var cells: [String: String] = [:]
        let name = first("N")?.parts ?? []
        func part(_ index: Int) -> String { index < name.count ? name[index] : "" }
        let full = first("FN")?.text ?? ""
        cells["first_name"] = [part(1), part(2)].filter { !$0.isEmpty }.joined(separator: " ")
        cells["last_name"] = part(0)
        if part(0).isEmpty, part(1).isEmpty { (cells["first_name"], cells["last_name"]) = Self.named(full) }
        let organization = first("ORG")?.parts ?? []
        cells["organization"] = organization.first
        cells["department"] = organization.dropFirst().filter { !$0.isEmpty }.joined(separator: ", ")
        cells["title"] = first("TITLE")?.text ?? first("ROLE")?.text
        cells["emails"] = emails
        phones(&cells)
        let addresses = all("ADR")
        if let parts = (addresses.first(where: \.isPreferred) ?? addresses.first)?.parts {
            let street = parts.prefix(3).filter { !$0.isEmpty }.joined(separator: "\n")
            cells["street"] = street
            for (index, column) in ["city", "state", "postal_code", "country"].enumerated() {
                cells[column] = index + 3 < parts.count ? parts[index + 3] : nil
            }
        }
        cells["website"] = first("URL")?.text
        cells["birthday"] = first("BDAY").flatMap { Self.day($0.text) }
        cells["nickname"] = first("NICKNAME")?.text
        cells["categories"] = first("CATEGORIES").map {
            Self.split($0.raw, at: ",").map(Self.unescaped).joined(separator: "; ")
        }
        cells["note"] = all("NOTE").map(\.text).filter { !$0.isEmpty }.joined(separator: "\n")
        cells["other"] = other
        cells["key"] =
            first("UID")?.text
            ?? [full.isEmpty ? name.joined(separator: " ") : full, apart].filter { !$0.isEmpty }.joined(separator: " ")
        return cells
    }

    /// What tells the person from others of the same name: the first address, else the first number, else where she
    /// works.
    private var apart: String {
        if let address = first("EMAIL")?.text { return address.lowercased() }
        if let phone = first("TEL").map(Self.number) {
            let digits = phone.filter { $0.isASCII && $0.isNumber }
            return phone.hasPrefix("+") ? "+" + digits : digits
        }
        return first("ORG")?.parts.first ?? ""
    }

    /// A name that only its whole is told of: what stands last is the last name.
    private static func named(_ full: String) -> (first: String, last: String) {
        let words = full.split(separator: " ")
        return (words.dropLast().joined(separator: " "), words.last.map(String.init) ?? "")
    }

    /// All addresses, with what they are for.
    private var emails: String {
        var seen: Set<String> = []
        let found = all("EMAIL").filter { !$0.text.isEmpty && seen.insert($0.text.lowercased()).inserted }
        let preferred = found.firstIndex(where: \.isPreferred) ?? 0
        let entries = found.enumerated().map { index, email -> JSON in
            let label = ["WORK", "HOME"].first(where: email.has)?.lowercased()
            var entry: [String: JSON] = ["address": .string(email.text), "primary": .bool(index == preferred)]
            entry["label"] = label.map { .string($0) }
            return .object(entry)
        }
        return entries.isEmpty ? "" : String(decoding: JSON.array(entries).bytes, as: UTF8.self)
    }

    /// The number at work, else the first that is none of a fax; the one to carry; and all others.
    private func phones(_ cells: inout [String: String]) {
        let all = all("TEL").filter { !$0.text.isEmpty }
        func isVoice(_ phone: Property) -> Bool { !["FAX", "PAGER", "CELL", "MODEM"].contains(where: phone.has) }
        let mobile = all.first { $0.has("CELL") && !$0.has("FAX") }
        let phone = all.first { isVoice($0) && $0.has("WORK") } ?? all.first(where: isVoice)
        cells["mobile"] = mobile.map(Self.number)
        cells["phone"] = phone.map(Self.number)
        let used = [phone?.raw, mobile?.raw].compactMap { $0 }
        let others = all.filter { !used.contains($0.raw) || $0.text.contains(";ext=") }.map { phone in
            let types = (phone.parameters["TYPE"] ?? []).filter { $0 != "VOICE" && $0 != "PREF" }
            return (types.map { $0.lowercased() } + [phone.text]).joined(separator: " ")
        }
        cells["other_phones"] = others.joined(separator: "; ")
    }
    private static func number(_ phone: Property) -> String {
        let text = phone.text.hasPrefix("tel:") ? String(phone.text.dropFirst(4)) : phone.text
        return String(text.prefix { $0 != ";" })
    }

    /// A day written whole; nil where the year is not told.
    private static func day(_ text: String) -> String? {
        let digits = text.prefix(10).filter { $0.isNumber && $0.isASCII }
        guard digits.count >= 8, !text.hasPrefix("--") else { return nil }
        let parts = [digits.prefix(4), digits.dropFirst(4).prefix(2), digits.dropFirst(6).prefix(2)]
        return parts.joined(separator: "-")
    }

    /// What has no column of its own.
    private var other: String {
        let further = all("ADR").dropFirst().map { "ADR: \($0.parts.filter { !$0.isEmpty }.joined(separator: ", "))" }
        let links = all("URL").dropFirst().map { "URL: \($0.text)" }
        let birthday = first("BDAY").flatMap { Self.day($0.text) == nil ? ["BDAY: \($0.text)"] : nil } ?? []
        let unknown = properties.filter { !Self.taken.contains($0.name) && !$0.text.isEmpty }.map { property in
            let value = property.isBinary ? "(\(property.raw.utf8.count) characters)" : property.text
            return "\(property.name): \(value)"
        }
        return (further + links + birthday + unknown).joined(separator: "\n")
    }
}
