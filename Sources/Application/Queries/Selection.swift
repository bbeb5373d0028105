import Kernel

/// Which rows are chosen: conditions, joined by and, or, not.
indirect enum Selection: Sendable {
    case all([Selection])
    case any([Selection])
    case not(Selection)
    case one(Condition)

    /// Reads `?filter=` against what a list can be chosen by; what does not fit is told with its place in the text.
    init(filter text: String, among criteria: [String: Criterion], by asker: Asker) throws(Problem) {
        let filter: Filter
        do { filter = try Filter(text) } catch { throw .filter(error.place, error.detail) }
        self = try Selection(filter, among: criteria, by: asker)
    }

    private init(_ filter: Filter, among criteria: [String: Criterion], by asker: Asker) throws(Problem) {
        switch filter {
        case .all(let parts):
            var all: [Selection] = []
            for part in parts { all.append(try Selection(part, among: criteria, by: asker)) }
            self = .all(all)
        case .any(let parts):
            var any: [Selection] = []
            for part in parts { any.append(try Selection(part, among: criteria, by: asker)) }
            self = .any(any)
        case .not(let part): self = .not(try Selection(part, among: criteria, by: asker))
        case .test(let test):
            guard let criterion = criteria[test.name] else {
                throw .filter(test.place, "there is no field \(test.name.prefix(60))").knowing(criteria.keys.sorted())
            }
            guard criterion.comparisons.contains(test.comparison) else {
                let known = criterion.comparisons.map(\.rawValue).joined(separator: ", ")
                throw .filter(test.place, "\(test.name) is compared by \(known)")
            }
            do {
                self = .one(try Condition(criterion, test.comparison, test.values, named: test.name, by: asker))
            } catch { throw .filter(test.place, error.detail) }
        }
    }

    /// The conditions that every row chosen fulfils.
    var certain: [Condition] {
        switch self {
        case .all(let parts): parts.flatMap(\.certain)
        case .one(let condition): [condition]
        case .any, .not: []
        }
    }

    /// All conditions in it.
    var conditions: [Condition] {
        switch self {
        case .all(let parts), .any(let parts): parts.flatMap(\.conditions)
        case .not(let part): part.conditions
        case .one(let condition): [condition]
        }
    }

    /// What holds of a row called `t`.
    func sql(_ text: inout SQLText) -> String {
        switch self {
        case .all(let parts): return join(parts, " AND ", &text)
        case .any(let parts): return join(parts, " OR ", &text)
        // What is neither true nor false of a row, for want of a value, does not hold: so its contrary does.
        case .not(let part): return "(\(part.sql(&text))) IS NOT TRUE"
        case .one(let condition): return condition.sql(&text)
        }
    }
    private func join(_ parts: [Selection], _ word: String, _ text: inout SQLText) -> String {
        var pieces: [String] = []
        for part in parts { pieces.append(part.sql(&text)) }
        return "(\(pieces.joined(separator: word)))"
    }

    /// Appends ` AND …`.
    func write(to text: inout SQLText) {
        let sql = sql(&text)
        text += " AND \(sql)"
    }
}

extension Problem {
    /// A filter that is not understood.
    static func filter(_ place: Int, _ detail: String) -> Problem {
        let end = detail.hasSuffix(".") ? "" : "."
        return Problem(
            "filter.invalid", 400, "filter, character \(place): \(detail)\(end)",
            more: ["parameter": "filter", "place": .integer(Int64(place))])
    }
}
