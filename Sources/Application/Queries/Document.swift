import Kernel
import Postgres

/// JSON documents that are joined from documents of rows, byte by byte.
struct Document {
    private(set) var bytes: [UInt8] = []

    static func += (document: inout Document, text: String) { document.bytes.append(contentsOf: text.utf8) }
    static func += (document: inout Document, bytes: [UInt8]) { document.bytes.append(contentsOf: bytes) }

    /// Appends a column's document; null where there is none.
    mutating func append(_ row: Row, _ column: Int) {
        row.withBytes(column) { value in
            if let value { bytes.append(contentsOf: value) } else { self += "null" }
        }
    }
    /// Appends the documents of rows with commas between.
    mutating func append(_ rows: some Sequence<Row>, _ column: Int = 0) {
        var isFirst = true
        for row in rows {
            if !isFirst { self += "," }
            isFirst = false
            append(row, column)
        }
    }

    /// Appends what every answer about many records ends with.
    mutating func end(_ answer: Findings) {
        self += ",\"position\":\(answer.position.position)"
        if answer.isIncomplete { self += ",\"incomplete\":true" }
        self += "}"
    }

    /// A page of a list.
    static func list(_ rows: some Sequence<Row>, next: String?, total: Int64?, _ answer: Findings) -> [UInt8] {
        var document = Document()
        document += "{\"items\":["
        document.append(rows)
        document += "],\"next\":" + (next.map { "\"\($0)\"" } ?? "null")
        if let total { document += ",\"total\":\(total)" }
        document.end(answer)
        return document.bytes
    }

    /// An object one of whose members is a list that is so long that its items are written one by one.
    static func object<Item>(
        _ members: [String: JSON], _ list: String, _ items: [Item], _ write: (Item, inout [UInt8]) -> Void
    ) -> [UInt8] {
        var document = Document()
        for name in (members.keys + [list]).sorted() {
            document += document.bytes.isEmpty ? "{" : ","
            JSON.write(name, to: &document.bytes)
            document += ":"
            if let value = members[name] {
                value.write(to: &document.bytes)
                continue
            }
            document += "["
            for (index, item) in items.enumerated() {
                if index > 0 { document += "," }
                write(item, &document.bytes)
            }
            document += "]"
        }
        document += "}"
        return document.bytes
    }
}

extension Findings {
    /// What every answer about many records ends with.
    var end: [String: JSON] {
        let position = ["position": JSON.integer(position.position)]
        return isIncomplete ? position.merging(["incomplete": true]) { $1 } : position
    }
}
