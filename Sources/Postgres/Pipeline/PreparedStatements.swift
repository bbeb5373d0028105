/// The statements that a connection has prepared, by SQL and types, at most `capacity` of them.
struct PreparedStatements {
    struct Entry {
        var name: String
        var types: [OID]
        var lastUse: UInt64
    }
    private let capacity: Int
    private var entries: [String: [Entry]] = [:]
    private var count = 0
    private var named: UInt64 = 0
    private var uses: UInt64 = 0

    init(capacity: Int = 500) { self.capacity = capacity }

    /// The name under which the statement was prepared.
    mutating func name(of statement: Statement) -> String? {
        guard let found = entries[statement.sql],
            let index = found.firstIndex(where: { entry in
                entry.types.count == statement.parameters.count
                    && zip(entry.types, statement.parameters.slots).allSatisfy { $0 == $1.type }
            })
        else { return nil }
        uses += 1
        entries[statement.sql]?[index].lastUse = uses
        return found[index].name
    }

    /// A new name for the statement. A name is never used again, not even one whose preparation failed.
    mutating func add(_ statement: Statement) -> String {
        named += 1
        uses += 1
        count += 1
        let name = "s\(named)"
        entries[statement.sql, default: []].append(
            Entry(name: name, types: statement.parameters.slots.map(\.type), lastUse: uses))
        return name
    }

    /// Forgets a name. It may be forgotten already.
    mutating func remove(_ name: String, of sql: String) {
        guard let index = entries[sql]?.firstIndex(where: { $0.name == name }) else { return }
        entries[sql]?.remove(at: index)
        if entries[sql]?.isEmpty == true { entries[sql] = nil }
        count -= 1
    }

    /// Forgets the statement that was not used for the longest time, when there are too many, and gives its name.
    mutating func evict() -> String? {
        guard count > capacity else { return nil }
        var oldest: (sql: String, entry: Entry)?
        for (sql, list) in entries {
            for entry in list where entry.lastUse < oldest?.entry.lastUse ?? .max { oldest = (sql, entry) }
        }
        guard let oldest else { return nil }
        remove(oldest.entry.name, of: oldest.sql)
        return oldest.entry.name
    }
}
