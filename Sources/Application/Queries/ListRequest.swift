import FoundationEssentials
import Kernel

/// What a list is asked for, read from its parameters. What is not understood is refused; nothing falls back to all
/// rows.
struct ListRequest: Sendable {
    /// What rows must fulfil.
    private(set) var conditions: [Condition] = []
    /// In what order they come; the id breaks ties.
    private(set) var order: [SortKey]
    /// The columns of the document that are shown.
    private(set) var shown: [String]
    /// Words that must all be found.
    private(set) var words: [String] = []
    /// Rows of a page, 1 to 200.
    private(set) var limit: Int
    /// Pages that are skipped.
    private(set) var page: Int64?
    /// Where the last page ended.
    private(set) var cursor: String?
    /// Whether all rows are counted.
    private(set) var isCounted = false
    /// Which rows are meant.
    private(set) var archived = Archived.false
    /// A record by its id in another system.
    private(set) var external: (source: String, id: String)?
    /// What of the request must stay the same from page to page.
    private(set) var shape: [String] = []

    enum Archived: String, CaseIterable { case `true`, `false`, any }

    static let names = [
        "sort", "limit", "cursor", "page", "page_size", "fields", "total", "as_of", "as_known",
    ]

    init(
        _ parameters: [Parameter], of subject: Subject, custom: [String: Criterion] = [:], by caller: Caller,
        limit: Int = 20
    )
        throws(Problem)
    {
        (order, self.limit) = (subject.order, limit)
        shown = subject.document.shown.map(\.name)
        try ListRequest.refuseDoubles(parameters)
        for parameter in parameters {
            try take(parameter, of: subject, custom: custom, by: caller)
        }
        shape.sort()
        guard cursor == nil || page == nil else {
            throw .parameter("page", "A list goes on by cursor or by page, not by both.")
        }
        guard (page ?? 0) * Int64(limit) <= 100_000 else {
            throw .parameter("page", "So far into a list one gets by cursor: follow `next`.")
        }
    }

    static func refuseDoubles(_ parameters: [Parameter]) throws(Problem) {
        var seen: Set<String> = []
        for parameter in parameters where !seen.insert(parameter.name).inserted {
            throw .parameter(parameter.name, "\(parameter.name) is given twice; for one of several values use .in=a,b.")
        }
    }

    private mutating func take(
        _ parameter: Parameter, of subject: Subject, custom: [String: Criterion], by caller: Caller
    ) throws(Problem) {
        switch (parameter.name, parameter.value) {
        case ("sort", let keys): try sort(by: keys, subject)
        case ("fields", let names): try show(names, subject)
        case ("limit", let text), ("page_size", let text): limit = try count(text, 1...200, parameter.name)
        case ("page", let text): page = Int64(try count(text, 1...100_000, "page")) - 1
        case ("cursor", let text): cursor = text
        case ("total", let text):
            guard text == "exact" || text == "none" else { throw .parameter("total", "total is exact or none.") }
            isCounted = text == "exact"
        // Read by `Moment`; a page of one moment does not go on in another.
        case ("as_of", let text), ("as_known", let text): shape.append("\(parameter.name)=\(text)")
        case ("archived", let text) where subject.hasArchive:
            guard let archived = Archived(rawValue: text) else {
                throw .parameter("archived", "archived is true, false or any.")
            }
            self.archived = archived
            shape.append("archived=\(text)")
        case ("q", let text) where !subject.searched.isEmpty: try search(text)
        case ("external_id", let text) where subject.entity != nil:
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2, text.utf8.count <= 500, !text.utf8.contains(0) else {
                throw .parameter("external_id", "external_id is source:id, the system's name and the id it has there.")
            }
            external = (parts[0], parts[1])
            shape.append("external_id=\(text)")
        case (let name, let value):
            let criteria = custom.isEmpty ? subject.criteria : subject.criteria.merging(custom) { $1 }
            guard let condition = try Condition(parameter, among: criteria, caller: caller) else {
                throw .unknownParameter(name, known: known(subject, criteria))
            }
            conditions.append(condition)
            shape.append("\(name)=\(value)")
        }
    }

    private func known(_ subject: Subject, _ criteria: [String: Criterion]) -> [String] {
        ListRequest.names + criteria.keys + (subject.hasArchive ? ["archived"] : [])
            + (subject.searched.isEmpty ? [] : ["q"]) + (subject.entity == nil ? [] : ["external_id"])
    }

    private func count(_ text: String, _ range: ClosedRange<Int>, _ name: String) throws(Problem) -> Int {
        guard let number = Int(text), range.contains(number), text.first != "+" else {
            throw .parameter(name, "\(name) is a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    private mutating func sort(by text: String, _ subject: Subject) throws(Problem) {
        var keys: [SortKey] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let isDescending = part.hasPrefix("-")
            let name = String(isDescending ? part.dropFirst() : part)
            guard let criterion = subject.criteria[name], criterion.type.isOrdered,
                case .column(let column) = criterion.place, let column = subject.table.column(column)
            else {
                let known = subject.criteria.filter { $0.value.type.isOrdered && !$0.value.isCondition }.keys.sorted()
                    .joined(separator: ", ")
                throw .parameter(
                    "sort",
                    "There is no sorting by \(name.prefix(60)). Known are \(known), with - before for descending.")
            }
            guard !keys.contains(where: { $0.column == column.name }), keys.count < 5 else {
                throw .parameter("sort", "sort takes at most 5 different keys.")
            }
            keys.append(SortKey(column, descending: isDescending))
        }
        order = keys
        shape.append("sort=\(text)")
    }

    private mutating func show(_ text: String, _ subject: Subject) throws(Problem) {
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let known = subject.document.shown.map(\.name)
        for name in names where !known.contains(name) {
            throw .parameter(
                "fields", "There is no member \(name.prefix(60)). Known are \(known.joined(separator: ", ")).")
        }
        shown = known.filter(Set(names).contains)
    }

    private mutating func search(_ text: String) throws(Problem) {
        guard let line = Normal.line(text), !line.isEmpty, line.unicodeScalars.count <= 200 else {
            throw .parameter("q", "q is a text of 1 to 200 characters on one line.")
        }
        let words = line.split(separator: " ").map(String.init)
        guard words.count <= 8 else { throw .parameter("q", "q takes at most 8 words.") }
        self.words = words
        shape.append("q=\(line)")
    }
}
