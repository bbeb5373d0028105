extension JSON {
    /// The form for files that people read: two spaces for each level, members sorted by name, a line feed at the end.
    public var pretty: String {
        var out: [UInt8] = []
        write(to: &out, indent: 0)
        out.append(UInt8(ascii: "\n"))
        return String(decoding: out, as: UTF8.self)
    }

    private func write(to out: inout [UInt8], indent: Int) {
        switch self {
        case .object(let members) where !members.isEmpty:
            JSON.lines(members.sorted { $0.key < $1.key }, "{", "}", &out, indent) { member, out in
                JSON.write(member.key, to: &out)
                out.append(contentsOf: ": ".utf8)
                member.value.write(to: &out, indent: indent + 1)
            }
        case .array(let items) where items.contains { $0.object != nil || $0.array != nil }:
            JSON.lines(items, "[", "]", &out, indent) { item, out in item.write(to: &out, indent: indent + 1) }
        case .null, .bool, .integer, .number, .string, .object, .array: write(to: &out)
        }
    }

    private static func lines<Item>(
        _ items: [Item], _ open: String, _ close: String, _ out: inout [UInt8], _ indent: Int,
        _ body: (Item, inout [UInt8]) -> Void
    ) {
        out.append(contentsOf: open.utf8)
        for (index, item) in items.enumerated() {
            out.append(contentsOf: ((index > 0 ? "," : "") + "\n" + String(repeating: "  ", count: indent + 1)).utf8)
            body(item, &out)
        }
        out.append(contentsOf: ("\n" + String(repeating: "  ", count: indent) + close).utf8)
    }
}
