import CRM
import FoundationEssentials
import Kernel
import Yams

extension Mapping {
    /// Reads a mapping for files with this header.
    /// - Throws: `mapping.invalid` (422) with all that is wrong, each with line, column and the nearest right name.
    /// - Parameter defining: the columns that become custom fields of the first record where nothing else reads them.
    static func read(
        _ yaml: String, header: [String], settings: ImportSettings, defining: Set<String> = []
    ) throws(Problem) -> Mapping {
        guard yaml.utf8.count <= limit else {
            throw .mapping([Flaw("/mapping", "too_long", "a mapping has at most \(limit / 1024) KB")])
        }
        let root = try root(of: yaml)
        var reader = MappingReader(header: Header(header), settings: settings)
        let mapping = reader.mapping(root, defining: defining)
        guard let mapping, reader.flaws.isEmpty else { throw .mapping(reader.flaws) }
        return mapping
    }

    /// How the files of a mapping are written, read before a header is known.
    /// - Throws: `mapping.invalid` (422).
    public static func format(of yaml: String) throws(Problem) -> CSV.Format {
        var reader = MappingReader(header: Header([]), settings: ImportSettings())
        let format = reader.format(try root(of: yaml).mapping?["csv"])
        guard reader.flaws.isEmpty else { throw .mapping(reader.flaws) }
        return format
    }

    static func root(of yaml: String) throws(Problem) -> Node {
        guard Aliases.count(in: yaml) <= Aliases.most else {
            throw .mapping([Flaw("/mapping", "too_long", "a mapping has at most \(Aliases.most) aliases (`*name`)")])
        }
        do {
            guard let node = try compose(yaml: yaml) else {
                throw Problem.mapping([Flaw("/mapping", "required", "the mapping is empty")])
            }
            return node
        } catch let problem as Problem {
            throw problem
        } catch let error as YamlError {
            throw .mapping([Flaw("/mapping", "malformed", error.sentence)])
        } catch {
            throw .mapping([Flaw("/mapping", "malformed", "this is no YAML")])
        }
    }
}

extension Problem {
    /// A mapping that cannot be used.
    static func mapping(_ flaws: [Flaw]) -> Problem {
        let first = flaws.first?.detail ?? "It cannot be read."
        let more = flaws.count > 1 ? " (and \(flaws.count - 1) more, see errors)" : ""
        return Problem(
            "mapping.invalid", 422, "The mapping cannot be used: \(first)\(more)", errors: Array(flaws.prefix(50)))
    }
}

extension YamlError {
    /// What is wrong, with its place.
    fileprivate var sentence: String {
        switch self {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            MappingReader.placed(mark, problem + (context.map { " \($0.text)" } ?? ""))
        case .duplicatedKeysInMapping(let duplicates, let context):
            MappingReader.placed(context.mark, "given twice: \(duplicates.map(\.description).joined(separator: ", "))")
        case .reader(let problem, _, _, _): problem
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded: "this is no YAML"
        }
    }
}

extension MappingReader {
    private static let members = [
        "mapping", "description", "source", "currency", "csv", "numbers", "days", "times", "columns", "missing_columns",
        "unfit", "creates", "records",
    ]
    private enum Columns: String, CaseIterable { case refuse, empty }
    private enum Unfit: String, CaseIterable { case refuse, leave }

    /// The whole mapping; nil where something without which nothing can be said is wrong.
    mutating func mapping(_ root: Node, defining: Set<String>) -> Mapping? {
        let members = members(root, "a mapping", known: Self.members)
        let name = text(members["mapping"], "`mapping`, its name,", in: root)
        let source = text(members["source"], "`source`, the name of the system that the file comes from,", in: root)
        defaults.source = source.flatMap { Normal.key($0) } ?? ""
        defaults.currency = members["currency"].flatMap { currency($0) } ?? settings.currency
        if let node = members["numbers"] { numbers(node) }
        if let node = members["days"] { defaults.days = pattern(node) ?? .iso }
        if let node = members["times"] { defaults.times = zone(node) }
        if let node = members["columns"] {
            for (key, value) in pairs(node, "`columns`") {
                defaults.spellings[key.string ?? ""] = items(value).compactMap { text($0, "a column") }
            }
        }
        if let node = members["missing_columns"] {
            defaults.lacksColumns = word(node, "`missing_columns`", Columns.self) == .empty
        }
        if let node = members["creates"] { creates(node) }
        let unfit = members["unfit"].flatMap { word($0, "`unfit`", Unfit.self) } ?? .refuse
        let format = self.format(members["csv"])
        var records: [RecordRule] = []
        if let node = members["records"] {
            for item in items(node) { if let record = record(item) { records.append(record) } }
            if records.isEmpty && flaws.isEmpty { note(node, "required", "`records` names at least one record") }
        } else {
            note(root, "required", "`records`, what a row makes, must be given")
        }
        guard let name, source != nil else { return nil }
        if defaults.lacksColumns {
            let told = Set(
                records.flatMap { rule in
                    (rule.start + rule.fields).filter { $0.path.first == "custom" }.map {
                        [rule.entity.name] + $0.path.dropFirst()
                    }
                })
            defaults.prepares.custom.removeAll { !told.contains([$0.entity, $0.key]) }
        }
        if var first = records.first, !defining.isEmpty {
            first.fields += define(unused(by: records).filter { defining.contains($0.name) }, of: first)
            records[0] = first
        }
        let unused = unused(by: records).map(\.name)
        return Mapping(
            name: name, source: defaults.source, format: format, prepares: defaults.prepares, records: records,
            unused: unused, times: defaults.times, leavesUnfit: unfit == .leave)
    }

    private mutating func zone(_ node: Node) -> String? {
        guard let name = text(node, "`times`, a time zone,") else { return nil }
        if TimeZone(identifier: name) != nil { return name }
        note(node, "malformed", "`\(name)` is no time zone such as UTC or Europe/Oslo")
        return nil
    }

    private func unused(by records: [RecordRule]) -> [FileColumn] {
        let used = Set(records.flatMap(\.columns).flatMap { [$0.index] + $0.others })
        return header.names.enumerated().filter { !used.contains($0.offset) }.map {
            FileColumn(index: $0.offset, name: $0.element)
        }
    }

    /// Fields of the organization's own, as text, for columns that nothing else reads.
    private mutating func define(_ columns: [FileColumn], of rule: RecordRule) -> [MemberRule] {
        let entity = rule.entity
        guard entity.creation.takes.contains(where: { $0.kind == .custom }) else { return [] }
        return columns.compactMap { column -> MemberRule? in
            let slug = Normal.slug(column.name)?.replacing("-", with: "_")
            guard let key = slug.map({ String($0.prefix(40)) }), !key.isEmpty else { return nil }
            let made = defaults.prepares.custom.contains { $0.entity == entity.name && $0.key == key }
            guard !made, !rule.fields.contains(where: { $0.path == ["custom", key] }) else { return nil }
            let known = settings.custom[entity.name]?[key]
            if known == nil {
                defaults.prepares.custom.append(
                    CustomRule(entity: entity.name, key: key, label: column.name, type: .text, choices: []))
            }
            let kind = known ?? CustomRule(entity: "", key: "", label: "", type: .text, choices: []).kind
            guard isRead(kind), let reading = reading(kind, [:], at: Node("")) else { return nil }
            return MemberRule(
                path: ["custom", key], value: .cell(CellRule(column: column, reading: reading)),
                field: Field(key, kind))
        }
    }

    mutating func format(_ node: Node?) -> CSV.Format {
        guard let node, let delimiter = members(node, "`csv`", known: ["delimiter"])["delimiter"] else {
            return CSV.Format()
        }
        if delimiter.scalar?.string == "tab" { return CSV.Format(delimiter: 0x09) }
        guard let character = character(delimiter, "`delimiter`"), let byte = character.asciiValue,
            byte != 0x22, byte != 0x0A, byte != 0x0D
        else { return CSV.Format() }
        return CSV.Format(delimiter: byte)
    }

    mutating func currency(_ node: Node) -> Currency? {
        guard let code = text(node, "a currency") else { return nil }
        if let currency = Currency(code.uppercased()) { return currency }
        note(node, "malformed", "`\(code)` is no ISO 4217 currency such as USD")
        return nil
    }

    mutating func pattern(_ node: Node) -> DayPattern? {
        guard let text = text(node, "how days are written") else { return nil }
        if let pattern = DayPattern(text) { return pattern }
        note(node, "malformed", "`\(text)` is no way to write days; write YYYY, MM or M, and DD or D, as in D.M.YYYY")
        return nil
    }

    private mutating func numbers(_ node: Node) {
        let members = members(node, "`numbers`", known: ["decimal", "thousands"])
        if let node = members["decimal"], let mark = character(node, "`decimal`") { defaults.numbers.decimal = mark }
        if let node = members["thousands"] { defaults.numbers.thousands = character(node, "`thousands`") }
        if defaults.numbers.decimal == defaults.numbers.thousands {
            note(node, "not_allowed", "`decimal` and `thousands` are different characters")
        }
    }
}

extension RecordRule {
    /// All columns that it reads.
    var columns: [FileColumn] {
        key + when.map(\.column) + occurred.map(\.column) + (start + fields).flatMap(\.columns)
            + [history].compactMap { $0 }
            + (then + steps).flatMap {
                $0.when.map(\.column) + $0.occurred.map(\.column) + $0.with.flatMap(\.columns)
                    + [$0.each].compactMap { $0 }
            }
    }
}

extension MemberRule {
    var columns: [FileColumn] {
        let made: [FileColumn] = if case .reference(let rule) = value { rule.creates.flatMap(\.columns) } else { [] }
        let currency: [FileColumn] =
            if case .cell(let rule) = value, let column = rule.currency { [column] } else { [] }
        let other: [FileColumn?] =
            switch value {
            case .reference(let rule): [rule.entityColumn]
            case .stage(let rule): [rule.pipeline]
            case .cell, .constant, .template: []
            }
        return value.columns + when.map(\.column) + made + currency + other.compactMap { $0 }
    }
}

extension MemberRule {
    /// Whether the file says anything of it.
    var isTold: Bool {
        switch value {
        case .constant: true
        case .stage(let rule) where rule.name.columns.isEmpty: true
        case .reference(let rule) where rule.key.columns.isEmpty: true
        case .cell(let rule) where rule.fallback != nil: true
        case .template(let template, _) where template.columns.isEmpty: true
        case .cell, .template, .reference, .stage: value.columns.contains(where: \.isThere)
        }
    }
}
