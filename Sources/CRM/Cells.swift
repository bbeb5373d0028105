import FoundationEssentials
import Kernel

/// What two records that are merged are compared and put together by: the values of a record's fields, one by one. A
/// map's members each have one (`custom.segment`), as have several addresses or accounts (`emails.ID`), of which
/// `emails.primary` names the first.
struct Cells: Equatable {
    private var all: [String: JSON] = [:]

    /// A field whose value one record can take over from another.
    struct Field {
        let name: String
        let form: Form

        enum Form {
            /// One value.
            case whole
            /// A map's members.
            case members
            /// Several of which one comes first; those with one value of `by` are the same, where keys are no names.
            case entries(by: String?)
            /// Two that mean something together only: when somebody was spoken with, and what a platform says of whom
            /// it knows.
            case with(String)
        }

        init?(_ field: Kernel.Field) {
            name = field.name
            switch (field.name, field.kind) {
            case ("contacted", _): form = .with("last_contacted_on")
            case ("platform_user_id", _): form = .with("platform_profile")
            case ("platform_profile", _), ("last_contacted_on", _): return nil
            case (_, .entries(_, .reference, _)): form = .entries(by: nil)
            case (_, .entries(_, _, let by)): form = .entries(by: by)
            case (_, .map), (_, .custom): form = .members
            case (_, _): form = .whole
            }
        }
    }
    private static let first = "primary"

    init(of record: Record, _ fields: [Field]) {
        for field in fields {
            switch field.form {
            case .whole: all[field.name] = record[field.name]
            case .members:
                for (key, value) in record[field.name]?.object ?? [:] { all["\(field.name).\(key)"] = value }
            case .entries:
                let entries = Entries(record[field.name])
                for (key, value) in record[field.name]?.object ?? [:] {
                    all["\(field.name).\(key)"] = .object((value.object ?? [:]).filter { $0.key != Cells.first })
                }
                all["\(field.name).\(Cells.first)"] = entries.primary.map(JSON.string)
            case .with(let other):
                guard let value = record[field.name], value != false else { continue }
                all[field.name] = .object([field.name: value, other: record[other]].compactMapValues(\.self))
            }
        }
    }

    /// The value of one.
    subscript(name: String) -> JSON? { all[name] }

    /// Which have other values, or none, or some, by name.
    func names(differingFrom other: Cells) -> [String] {
        Set(all.keys).union(other.all.keys).filter { all[$0] != other.all[$0] }.sorted()
    }

    // MARK: What do two amount to?

    /// These and the other's: where a choice says whose counts, that one's; else these, and the other's where there is
    /// none. Whoever chooses the winner's of several takes none of the loser's.
    func united(with other: Cells, _ choices: [String: Merging.Side]) -> Cells {
        var result = self
        for (name, value) in other.all {
            switch choices[name] ?? choices[String(name.prefix { $0 != "." })] {
            case .loser?: result.all[name] = value
            case .winner?: break
            case nil: if all[name] == nil { result.all[name] = value }
            }
        }
        for (name, side) in choices where side == .loser && other.all[name] == nil { result.all[name] = nil }
        return result
    }

    /// These as they were before they took over the other's: what has changed since stays.
    /// - Returns: with the names of what stays.
    func without(_ other: Cells, taken: [String], before: [String: JSON]) -> (Cells, kept: [String]) {
        var result = self
        var kept: [String] = []
        for name in taken where all[name] != before[name] {
            // An address is the other's alone again, whatever was said of it since.
            if all[name] == arrived(name, from: other) || name.hasPrefix("emails.") && before[name] == nil {
                result.all[name] = before[name]
            } else {
                kept.append(name)
            }
        }
        return (result, kept)
    }

    /// What the other's value became here: which address is first is told by the key that it has here.
    private func arrived(_ name: String, from other: Cells) -> JSON? {
        guard name == "emails.\(Cells.first)", let key = other.all[name]?.string, all["emails.\(key)"] == nil else {
            return other.all[name]
        }
        let address = other.all["emails.\(key)"]?["address"]
        let same = all.keys.sorted().first { $0.hasPrefix("emails.") && all[$0]?["address"] == address }
        return same.map { .string(String($0.dropFirst("emails.".count))) }
    }

    // MARK: What is the record then?

    /// The record with these values.
    func record(on old: Record, _ fields: [Field]) -> Record {
        var record = old
        let before = Cells(of: old, fields)
        for field in fields {
            let prefix = "\(field.name)."
            func members(_ cells: Cells) -> [String: JSON] {
                Dictionary(
                    cells.all.compactMap { name, value in
                        name.hasPrefix(prefix) ? (String(name.dropFirst(prefix.count)), value) : nil
                    }
                ) { $1 }
            }
            switch field.form {
            case .whole where all[field.name] != before.all[field.name]: record.set(field.name, all[field.name])
            case .members where members(self) != members(before):
                let values = members(self)
                record.set(field.name, values.isEmpty ? nil : .object(values))
            case .entries(let by) where members(self) != members(before):
                record.set(field.name, Cells.entries(members(self), by, known: members(before)))
            case .with(let other) where all[field.name] != before.all[field.name]:
                record.set(field.name, all[field.name]?[field.name])
                record.set(other, all[field.name]?[other])
            case .whole, .members, .entries, .with: break
            }
        }
        return record
    }

    /// Several of which one is first. One that is the same as another stands once, under the key by which it was known.
    private static func entries(_ cells: [String: JSON], _ by: String?, known: [String: JSON]) -> JSON? {
        var (entries, first) = (Entries(nil), cells[Cells.first]?.string)
        let keys = cells.keys.filter { $0 != Cells.first }
            .sorted { (known[$0] == nil ? 1 : 0, $0) < (known[$1] == nil ? 1 : 0, $1) }
        for key in keys {
            let entry = cells[key]?.object ?? [:]
            if let by, let same = entries.key(where: by, is: entry[by]) {
                if first == key { first = same }
            } else {
                entries.put(key, entry)
            }
        }
        if let first, entries.isCurrent(first) { entries.prefer(first) }
        return keys.isEmpty ? nil : entries.json
    }
}

// MARK: What does a winner remember?

/// What a record took over from another, and what it had in the place before.
struct Merge {
    let loser: UUID
    /// The cells that it took over, by name.
    let took: [String]
    /// Those that had been merged into the loser.
    let along: [UUID]
    /// What stood in these cells.
    let before: [String: JSON]

    init(of loser: UUID, _ took: Record?, _ along: Record?, before: Cells) {
        (self.loser, self.took) = (loser, (took?.values.keys ?? [:].keys).sorted())
        self.along = (along?.values.keys ?? [:].keys).sorted().compactMap(UUID.init(uuidString:))
        self.before = Dictionary(self.took.compactMap { name in before[name].map { (name, $0) } }) { $1 }
    }
    fileprivate init?(_ loser: UUID, _ json: JSON?) {
        guard let json else { return nil }
        self.loser = loser
        took = (json["took"]?.array ?? []).compactMap(\.string)
        along = (json["along"]?.array ?? []).compactMap { $0.string.flatMap(UUID.init(uuidString:)) }
        before = json["before"]?.object ?? [:]
    }
    fileprivate var json: JSON {
        [
            "took": .array(took.map(JSON.string)), "along": .array(along.map { .string($0.text) }),
            "before": .object(before),
        ]
    }
}

extension Record {
    /// The member in which a record remembers its merges; no event and no answer has it.
    private static let merges = "merges"

    /// The record's own values.
    var withoutMerges: Record {
        let others = [Record.merges, Record.dismissed]
        return others.allSatisfy { self[$0] == nil } ? self : Record(values.filter { !others.contains($0.key) })
    }
    /// What it took over from another; nil where that was not merged into it.
    func merge(of loser: UUID) -> Merge? { Merge(loser, self[Record.merges]?[loser.text]) }
    /// All for which it stands besides itself, in the order of their ids.
    var mergedIDs: [UUID] {
        let direct = (self[Record.merges]?.object ?? [:]).keys.compactMap(UUID.init(uuidString:))
        return (direct + direct.flatMap { merge(of: $0)?.along ?? [] }).sorted { $0.text < $1.text }
    }
    mutating func remember(_ merge: Merge) {
        var all = self[Record.merges]?.object ?? [:]
        all[merge.loser.text] = merge.json
        set(Record.merges, .object(all))
    }
    mutating func forgetMerge(of loser: UUID) {
        let all = (self[Record.merges]?.object ?? [:]).filter { $0.key != loser.text }
        set(Record.merges, all.isEmpty ? nil : .object(all))
    }
}
