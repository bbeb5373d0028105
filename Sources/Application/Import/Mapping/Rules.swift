import CRM
import FoundationEssentials
import Kernel

/// What is made before the first row.
struct Preparation: Sendable, Hashable {
    var pipelines: [PipelineRule] = []
    var custom: [CustomRule] = []
}

/// A pipeline that the mapping brings along; it is made once and never changed by a later import.
struct PipelineRule: Sendable, Hashable {
    /// By what the source names it, where that is not its name.
    var key: String?
    var name: String
    var description: String?
    var stages: [Stage]
    struct Stage: Sendable, Hashable {
        /// By what the source names it, where that is not its name.
        var key: String?
        var name: String
        var kind: String
        var probability: Int64?

        /// Whether a cell means it.
        func isNamed(_ text: String) -> Bool {
            key.map { Normal.key($0) == text } == true || Normal.key(name) == text
        }
    }

    /// Whether a cell means it.
    func isNamed(_ text: String) -> Bool { key.map { Normal.key($0) == text } == true || Normal.key(name) == text }
}

/// A field that the organization gets for its records of an entity.
struct CustomRule: Sendable, Hashable {
    var entity: String
    var key: String
    var label: String
    var type: FieldSet.Definition.Kind
    var choices: [String]
    /// The entity to which a reference points.
    var target: String?
    /// Whether it tells something about a person.
    var isPersonal = false

    /// What values it takes.
    var kind: Field.Kind { FieldSet.Definition(label: label, type: type, choices: choices, entity: target).kind }
}

/// One record that a row makes or changes.
struct RecordRule: Sendable {
    var entity: EntityFacts
    /// Columns whose texts together name the record in the other system.
    var key: [FileColumn]
    /// Whether the key is an id that Daybook gave: the record of that id is meant, where it is here.
    var namesID = false
    /// Whether rows only change it: another file makes it.
    var isElsewhere = false
    var when: [RowCondition] = []
    /// When it was made there: the first of these columns that holds something; now where none does.
    var occurred: [MomentRule] = []
    /// Members given only when the record is made.
    var start: [MemberRule] = []
    /// Members given when it is made, and compared when it is there already.
    var fields: [MemberRule] = []
    /// What happened to it right then; told only when it is made.
    var then: [StepRule] = []
    /// What happened to it afterwards.
    var steps: [StepRule] = []
    /// The column with what happened to it before that, one change after the other; told only when it is made. What
    /// steps tell later is not.
    var history: FileColumn?
}

/// An act carried out on the record, when it is new and when it is there already: doing it again decides nothing.
struct StepRule: Sendable {
    var act: String
    var when: [RowCondition] = []
    var occurred: [MomentRule] = []
    var with: [MemberRule] = []
    /// Whether another mapping of the same rows carries it out: here it only says where the record goes.
    var isLater = false
    /// The column with what happened to the record: the act is carried out as often as it happened, with what was said.
    var each: FileColumn?
}

/// One member of a body, and where its value comes from.
struct MemberRule: Sendable {
    /// Its place in the body: `["billing_address", "country"]`.
    var path: [String]
    var value: ValueRule
    var when: [RowCondition] = []
    /// Whether an empty cell clears what the record has; otherwise it leaves it alone.
    var clears = false
    /// What the member takes, where that is known.
    var field: Field?

    /// The column that a person would look at when the value is refused.
    var column: FileColumn? { value.columns.first }
}

/// Where a value comes from.
enum ValueRule: Sendable {
    /// A cell's text, read as a kind of value.
    case cell(CellRule)
    /// The same for all rows.
    case constant(JSON)
    case template(Template, Reading)
    /// The id of another record.
    case reference(ReferenceRule)
    /// The id of a stage of the mapping's pipeline.
    case stage(StageRule)

    var columns: [FileColumn] {
        switch self {
        case .cell(let rule): [rule.column]
        case .constant: []
        case .template(let template, _): template.columns
        case .reference(let rule): rule.key.columns
        case .stage(let rule): rule.name.columns
        }
    }
}

/// A cell and how it is read.
struct CellRule: Sendable {
    var column: FileColumn
    var reading: Reading
    /// The member to take, where the cell holds a JSON object.
    var member: String?
    /// What stands for an empty cell.
    var fallback: String?
    var translation = Translation()
    /// A column that holds the currency of an amount.
    var currency: FileColumn?
    /// Whether ids in it are Daybook's: they become those of the records that are meant.
    var hasIDs = false
}

/// Words that the other system uses, and ours.
struct Translation: Sendable, Hashable {
    /// By the normal key of theirs.
    var words: [String: String] = [:]
    /// What becomes of a word that is not among them.
    var others = Others.keep

    /// A word that has no translation is kept as it is, refuses the row, or leaves the member out.
    enum Others: String, CaseIterable { case keep, refuse, leave }

    /// Our word for theirs; nil where there is none. `*` stands for all others.
    func of(_ text: String) -> String? {
        if let word = Normal.key(text).flatMap({ words[$0] }) ?? words["*"] { return word }
        return others == .keep || words.isEmpty ? text : nil
    }
}

/// The id of another record, computed from its key in the other system.
struct ReferenceRule: Sendable {
    var entity: EntityFacts
    /// The column that says of which entity the record is, where that differs from row to row.
    var entityColumn: FileColumn?
    var source: String
    var key: TextRule
    var missing: Missing
    /// Whether the key is an id that Daybook gave: the record of that id is meant, where it is here.
    var namesID = false
    /// Whether the member takes the entity's name beside the id.
    var namesEntity = false
    /// How it is made where it is missing.
    var creates: [MemberRule] = []

    /// What becomes of a row whose reference is to a record that is not there.
    enum Missing: String, Sendable, CaseIterable { case refuse, empty, create }
}

/// A stage by its name.
struct StageRule: Sendable {
    var name: TextRule
    /// The column that says of which of several pipelines.
    var pipeline: FileColumn?
    var translation = Translation()
}

/// A text made of columns.
enum TextRule: Sendable {
    /// Several are joined into one key.
    case columns([FileColumn])
    case constant(String)

    var columns: [FileColumn] {
        switch self {
        case .columns(let columns): columns
        case .constant: []
        }
    }
}

/// Text with columns in it: `{product}[ for {account}]`, `{name|email}`. What stands in brackets is left out where a
/// column is empty.
struct Template: Sendable, Hashable {
    enum Part: Sendable, Hashable {
        case text(String)
        /// The first of these that holds something.
        case columns([FileColumn])
        case optional([Part])
    }
    var parts: [Part]

    var columns: [FileColumn] { Template.columns(of: parts) }
    private static func columns(of parts: [Part]) -> [FileColumn] {
        parts.flatMap { part -> [FileColumn] in
            switch part {
            case .text: []
            case .columns(let columns): columns
            case .optional(let inner): columns(of: inner)
            }
        }
    }

    /// The text for a row.
    func text(of row: FileRow) -> String { Template.text(of: parts, row) }
    private static func text(of parts: [Part], _ row: FileRow) -> String {
        parts.map { part in
            switch part {
            case .text(let text): return text
            case .columns(let columns): return first(of: columns, row)
            case .optional(let inner):
                let isEmpty = inner.contains { part in
                    if case .columns(let columns) = part { return first(of: columns, row).isEmpty }
                    return false
                }
                return isEmpty ? "" : text(of: inner, row)
            }
        }.joined()
    }
    private static func first(of columns: [FileColumn], _ row: FileRow) -> String {
        columns.lazy.map { row[$0] }.first { !$0.isEmpty } ?? ""
    }
}

/// What a row must say for a rule to apply.
struct RowCondition: Sendable, Hashable {
    var column: FileColumn
    var test: Test
    enum Test: Sendable, Hashable {
        /// One of these, compared without case.
        case isOne(Set<String>)
        case isNone(Set<String>)
        case isEmpty(Bool)
    }

    func holds(_ row: FileRow) -> Bool {
        let text = row[column]
        switch test {
        case .isOne(let keys): return keys.contains(Normal.key(text) ?? text)
        case .isNone(let keys): return !keys.contains(Normal.key(text) ?? text)
        case .isEmpty(let empty): return text.isEmpty == empty
        }
    }
}

/// A column that holds a day or an instant.
struct MomentRule: Sendable, Hashable {
    var column: FileColumn
    var pattern: DayPattern
}

/// A column of the file at hand.
struct FileColumn: Sendable, Hashable {
    /// Its place in a row; -1 where the file lacks it and the mapping lets it: all its cells are empty then.
    let index: Int
    /// Its name as the file spells it.
    let name: String
    /// The places of columns that are called the same, or are other spellings of it: where a cell is empty, the first
    /// of theirs that holds something counts.
    var others: [Int] = []

    /// Whether the file has it.
    var isThere: Bool { index >= 0 }
}

/// One row of a file.
struct FileRow: Sendable, Hashable {
    /// The line on which it begins.
    let line: Int
    /// Its cells, trimmed.
    let cells: [String]

    /// A row of these fields; white space round a cell is none of its value, and neither is an apostrophe that keeps a
    /// spreadsheet from reckoning with it.
    init(line: Int, _ fields: [String]) { (self.line, cells) = (line, fields.map { CSV.unguarded(Self.trimmed($0)) }) }

    subscript(column: FileColumn) -> String {
        guard column.isThere else { return "" }
        let own = cells[column.index]
        return own.isEmpty ? column.others.lazy.map { cells[$0] }.first { !$0.isEmpty } ?? "" : own
    }

    private static func trimmed(_ text: String) -> String {
        guard text.first?.isWhitespace == true || text.last?.isWhitespace == true else { return text }
        return String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
