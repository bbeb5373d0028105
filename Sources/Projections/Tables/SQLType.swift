import Postgres

/// What a field is to Postgres: its type's name and numbers.
struct SQLType: Sendable {
    let name: String
    let element: OID
    let array: OID

    static let int = SQLType(name: "int", element: .int, array: .ints)
    static let bigint = SQLType(name: "bigint", element: .bigint, array: .bigints)
    static let uuid = SQLType(name: "uuid", element: .uuid, array: .uuids)
    static let timestamptz = SQLType(name: "timestamptz", element: .timestamptz, array: .timestamptzs)
}

extension ColumnType {
    var sql: SQLType {
        switch self {
        case .text: SQLType(name: "text", element: .text, array: .texts)
        case .bigint: .bigint
        case .boolean: SQLType(name: "boolean", element: .bool, array: .bools)
        case .uuid: .uuid
        case .date: SQLType(name: "date", element: .date, array: .dates)
        case .timestamptz: .timestamptz
        case .numeric: SQLType(name: "numeric", element: OID(rawValue: 1700), array: OID(rawValue: 1231))
        case .json: SQLType(name: "jsonb", element: .jsonb, array: .jsonbs)
        }
    }
}

/// A name in quotes: a column may be called `order`.
func quoted(_ name: String) -> String { "\"\(name)\"" }

/// A statement with the names that only a definition knows, in the places of `{…}`.
func filled(_ sql: String, _ names: [String: String]) -> String {
    names.reduce(sql) { $0.replacing("{\($1.key)}", with: $1.value) }
}

func list(_ names: some Sequence<String>) -> String { names.map(quoted).joined(separator: ", ") }

extension Bytes {
    /// What stands before the elements of a one-dimensional array that may hold NULLs.
    mutating func arrayHead(_ type: SQLType, count: Int) {
        append(Int32(count == 0 ? 0 : 1))
        append(Int32(1))
        append(type.element.rawValue)
        if count > 0 {
            append(Int32(count))
            append(Int32(1))
        }
    }
}

extension Parameters {
    /// An array whose elements `write` writes, each as one field.
    mutating func array(_ type: SQLType, count: Int, scratch: inout Bytes, _ write: (Int, inout Bytes) -> Void) {
        scratch.removeAll()
        scratch.arrayHead(type, count: count)
        for i in 0..<count { write(i, &scratch) }
        let bytes = scratch.buffer
        add(type.array) { $0.field { $0.append(contentsOf: bytes) } }
    }
}
