import FoundationEssentials
import Kernel

/// What a list is asked for, read from its parameters. What is not understood is refused; nothing falls back to all
/// rows.
struct ListRequest: Sendable {
    /// What rows must fulfil: all of it.
    var selections: [Selection] = []
    /// In what order they come; the id breaks ties.
    private(set) var order: [SortKey]
    /// What is shown of each row.
    private(set) var shown: Shown
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
    /// Its id here.
    var only: UUID?
    /// What of the request must stay the same from page to page.
    private(set) var shape: [String] = []

    enum Archived: String, CaseIterable { case `true`, `false`, any }

    /// Rows of a page where nobody says how many.
    static let rows = 20
    static let names = [
        "filter", "sort", "limit", "cursor", "page", "page_size", "fields", "total", "as_of", "as_known",
    ]

    init(
        _ parameters: [Parameter], of subject: Subject, custom: [String: Criterion] = [:], by asker: Asker,
        limit: Int = ListRequest.rows
    ) throws(Problem) {
        (order, self.limit) = (subject.order, limit)
        try ListRequest.refuseDoubles(parameters)
        shown = try Shown(parameters, of: subject)
        let criteria = custom.isEmpty ? subject.criteria : subject.criteria.merging(custom) { $1 }
        for parameter in parameters { try take(parameter, of: subject, criteria, by: asker) }
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
        _ parameter: Parameter, of subject: Subject, _ criteria: [String: Criterion], by asker: Asker
    ) throws(Problem) {
        switch (parameter.name, parameter.value) {
        case ("filter", let text):
            selections.append(try Selection(filter: text, among: criteria, by: asker))
            shape.append("filter=\(text)")
        case ("sort", let keys): try sort(by: keys, subject, criteria)
        case ("fields", _): break  // read by `Shown`
        case ("include", _) where !subject.related.isEmpty: break
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
            guard let condition = try Condition(parameter, among: criteria, by: asker) else {
                throw .unknownParameter(name, known: known(subject, criteria))
            }
            selections.append(.one(condition))
            shape.append("\(name)=\(value)")
        }
    }

    private func known(_ subject: Subject, _ criteria: [String: Criterion]) -> [String] {
        ListRequest.names + criteria.keys + (subject.hasArchive ? ["archived"] : [])
            + (subject.searched.isEmpty ? [] : ["q"]) + (subject.entity == nil ? [] : ["external_id"])
            + (subject.related.isEmpty ? [] : ["include"])
    }

    private func count(_ text: String, _ range: ClosedRange<Int>, _ name: String) throws(Problem) -> Int {
        guard let number = Int(text), range.contains(number), text.first != "+" else {
            throw .parameter(name, "\(name) is a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    private mutating func sort(by text: String, _ subject: Subject, _ criteria: [String: Criterion]) throws(Problem) {
        var keys: [SortKey] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let isDescending = part.hasPrefix("-")
            let name = String(isDescending ? part.dropFirst() : part)
            guard let criterion = criteria[name],
                let key = SortKey(criterion, in: subject.table, descending: isDescending)
            else {
                let known = criteria.filter { SortKey($0.value, in: subject.table, descending: false) != nil }
                throw .parameter(
                    "sort", "There is no sorting by \(name.prefix(60)); a - before a key sorts descending."
                ).knowing(known.keys.sorted())
            }
            guard !keys.contains(where: { $0.name == key.name }), keys.count < 5 else {
                throw .parameter("sort", "sort takes at most 5 different keys.")
            }
            keys.append(key)
        }
        order = keys
        shape.append("sort=\(text)")
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
