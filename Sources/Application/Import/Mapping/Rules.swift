import CRM
import FoundationEssentials
import Kernel

/// What is made before the first row.
struct Preparation: Sendable, Hashable {
    var pipeline: PipelineRule?
    var custom: [CustomRule] = []
}

/// A pipeline that the mapping brings along; it is made once and never changed by a later import.
struct PipelineRule: Sendable, Hashable {
    var name: String
    var description: String?
    var stages: [Stage]
    struct Stage: Sendable, Hashable {
        var name: String
        var kind: String
        var probability: Int64?
    }
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
    var when: [RowCondition] = []
    /// When it was made there: the first of these columns that holds something; now where none does.
    var occurred: [MomentRule] = []
    /// Members given only when the record is made.
    var start: [MemberRule] = []
    /// Members given when it is made, and compared when it is there already.
    var fields: [MemberRule] = []
    /// What happened to it afterwards.
    var steps: [StepRule] = []
}

/// An act carried out on the record, when it is new and when it is there already: doing it again decides nothing.
struct StepRule: Sendable {
    var act: String
    var when: [RowCondition] = []
    var occurred: [MomentRule] = []
    var with: [MemberRule] = []
}

/// One member of a body, and where its value comes from.
struct MemberRule: Sendable {
    /// Its place in the body: `["billing_address", "country"]`.
    var path: [String]
    var value: ValueRule
    var when: [RowCondition] = []
    /// Whether an empty cell clears what the record has; otherwise it leaves it alone.
    var clears = false

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
}

/// Words that the other system uses, and ours.
struct Translation: Sendable, Hashable {
    /// By the normal key of theirs.
    var words: [String: String] = [:]
    /// Whether a word that is not among them refuses the row; otherwise it is kept as it is.
    var refusesOthers = false

    /// Our word for theirs; nil where it is refused.
    func of(_ text: String) -> String? {
        if let word = Normal.key(text).flatMap({ words[$0] }) { return word }
        return refusesOthers && !words.isEmpty ? nil : text
    }
}

/// The id of another record, computed from its key in the other system.
struct ReferenceRule: Sendable {
    var entity: EntityFacts
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

/// Text with columns in it: `{product}[ for {account}]`. What stands in brackets is left out where a column is empty.
struct Template: Sendable, Hashable {
    enum Part: Sendable, Hashable {
        case text(String)
        case column(FileColumn)
        case optional([Part])
    }
    var parts: [Part]

    var columns: [FileColumn] { Template.columns(of: parts) }
    private static func columns(of parts: [Part]) -> [FileColumn] {
        parts.flatMap { part -> [FileColumn] in
            switch part {
            case .text: []
            case .column(let column): [column]
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
            case .column(let column): return row[column]
            case .optional(let inner):
                return columns(of: inner).contains { row[$0].isEmpty } ? "" : text(of: inner, row)
            }
        }.joined()
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
    /// Its place in a row.
    let index: Int
    /// Its name as the file spells it.
    let name: String
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

    subscript(column: FileColumn) -> String { cells[column.index] }

    private static func trimmed(_ text: String) -> String {
        guard text.first?.isWhitespace == true || text.last?.isWhitespace == true else { return text }
        return String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
