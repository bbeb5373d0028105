import Kernel

/// What a row must fulfil: a criterion, a comparison and values in normal form.
struct Condition: Sendable {
    let criterion: Criterion
    let comparison: Comparison
    let values: [Value]

    /// Reads a parameter such as `amount.gte` = `5`; nil where its name is none of the criteria's.
    init?(_ parameter: Parameter, among criteria: [String: Criterion], caller: Caller) throws(Problem) {
        guard let (criterion, comparison) = try Condition.parts(of: parameter.name, among: criteria) else { return nil }
        (self.criterion, self.comparison) = (criterion, comparison)
        switch comparison {
        case .null:
            guard parameter.value == "true" || parameter.value == "false" else {
                throw .parameter(parameter.name, "\(parameter.name) is true or false.")
            }
            values = [.flag(parameter.value == "true")]
        case .in:
            let texts = parameter.value.split(separator: ",", omittingEmptySubsequences: false)
            guard texts.count <= 100 else { throw .parameter(parameter.name, "At most 100 values can be given.") }
            var values: [Value] = []
            for text in texts {
                values.append(try criterion.value(String(text), parameter: parameter.name, caller: caller))
            }
            self.values = values
        case .equal, .ne, .gt, .gte, .lt, .lte:
            values = [try criterion.value(parameter.value, parameter: parameter.name, caller: caller)]
        }
        let isWholeDay = values.contains { if case .startOfDay = $0 { true } else { false } }
        if isWholeDay, comparison == .ne || comparison == .in {
            throw .parameter(
                parameter.name, "\(parameter.name) takes an instant; a whole day goes with =, gt, gte, lt, lte.")
        }
    }

    private static func parts(
        of name: String, among criteria: [String: Criterion]
    ) throws(Problem) -> (Criterion, Comparison)? {
        if let criterion = criteria[name] {
            guard criterion.comparisons.contains(.equal) else { throw unknown(.equal, criterion, name) }
            return (criterion, .equal)
        }
        guard let dot = name.lastIndex(of: "."), let criterion = criteria[String(name[..<dot])] else { return nil }
        let word = String(name[name.index(after: dot)...])
        guard let comparison = Comparison(rawValue: word), comparison != .equal,
            criterion.comparisons.contains(comparison)
        else { throw unknown(nil, criterion, name) }
        return (criterion, comparison)
    }
    private static func unknown(_ comparison: Comparison?, _ criterion: Criterion, _ name: String) -> Problem {
        .unknownParameter(
            name,
            known: criterion.comparisons.map { $0 == .equal ? criterion.name : "\(criterion.name).\($0.rawValue)" })
    }
}

// MARK: How does it stand in SQL?

extension Condition {
    /// Appends ` AND …`.
    func write(to text: inout SQLText) {
        if case .tags(let isPast) = criterion.place { return writeTags(isPast: isPast, to: &text) }
        if criterion.isCondition {
            text += values[0] == .flag(true) ? " AND " : " AND NOT "
            text += criterion.expression(&text)
            return
        }
        let expression = criterion.expression(&text)
        text += " AND "
        switch (comparison, values[0]) {
        case (.null, let value): text += "\(expression) IS \(value == .flag(true) ? "" : "NOT ")NULL"
        case (.in, _): text += "\(expression) = ANY (\(text.bind(values)))"
        case (.equal, .startOfDay(let day)):
            text += "\(expression) >= \(text.bind(.startOfDay(day)))"
            text += " AND \(expression) < \(text.bind(.startOfDay(day + 1)))"
        // After a day is from the next one on; until a day includes it.
        case (.gt, .startOfDay(let day)): text += "\(expression) >= \(text.bind(.startOfDay(day + 1)))"
        case (.lte, .startOfDay(let day)): text += "\(expression) < \(text.bind(.startOfDay(day + 1)))"
        case (.equal, let value):
            switch criterion.type {
            case .json: text += "jsonb_exists(\(expression), \(text.bind(value)))"
            case .text, .integer, .flag, .uuid, .day, .instant, .decimal, .other:
                text += "\(expression) = \(text.bind(value))"
            }
        case (.ne, let value): text += "\(expression) IS DISTINCT FROM \(text.bind(value))"
        case (.gt, let value): text += "\(expression) > \(text.bind(value))"
        case (.gte, let value): text += "\(expression) >= \(text.bind(value))"
        case (.lt, let value): text += "\(expression) < \(text.bind(value))"
        case (.lte, let value): text += "\(expression) <= \(text.bind(value))"
        }
    }
}
