import Kernel

/// One comparison that a row must fulfil: a criterion, how it is compared, and values in normal form.
struct Condition: Sendable {
    let criterion: Criterion
    let comparison: Filter.Comparison
    let values: [Value]

    /// Reads a parameter such as `amount.gte` = `5`; nil where its name is none of the criteria's.
    init?(_ parameter: Parameter, among criteria: [String: Criterion], by asker: Asker) throws(Problem) {
        guard let (criterion, comparison) = try Condition.parts(of: parameter.name, among: criteria) else { return nil }
        let texts =
            comparison.takesSeveral
            ? parameter.value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            : [parameter.value]
        self = try Condition(criterion, comparison, texts, named: parameter.name, by: asker)
    }

    /// Values in normal form.
    init(_ criterion: Criterion, _ comparison: Filter.Comparison, _ values: [Value]) {
        (self.criterion, self.comparison, self.values) = (criterion, comparison, values)
    }

    /// - Parameter name: what the values are called where they are refused.
    init(
        _ criterion: Criterion, _ comparison: Filter.Comparison, _ texts: [String], named name: String, by asker: Asker
    )
        throws(Problem)
    {
        (self.criterion, self.comparison) = (criterion, comparison)
        guard texts.count <= Filter.most.values else {
            throw .parameter(name, "At most \(Filter.most.values) values can be given.")
        }
        switch comparison {
        case .null:
            guard let text = texts.first, text == "true" || text == "false" else {
                throw .parameter(name, "\(name) is true or false.")
            }
            values = [.flag(text == "true")]
        case .contains, .startsWith:
            values = [.text(try Criterion.part(texts.first ?? "", named: name))]
        case .between, .in, .nin, .equal, .ne, .gt, .gte, .lt, .lte:
            if comparison == .between, texts.count != 2 {
                throw .parameter(name, "\(name) takes two values, the first and the last that are meant.")
            }
            var values: [Value] = []
            for text in texts { values.append(try criterion.value(text, parameter: name, asker: asker)) }
            self.values = values
        }
        switch comparison {
        case .ne, .in, .nin:
            if values.contains(where: \.isStartOfDay) {
                throw .parameter(name, "\(name) takes an instant; a whole day goes with =, gt, gte, lt, lte, between.")
            }
            if comparison != .ne, values.contains(where: \.isToday) {
                throw .parameter(name, "\(name) takes days such as 2017-03-01, not today.")
            }
        case .equal, .gt, .gte, .lt, .lte, .between, .contains, .startsWith, .null: break
        }
    }

    private static func parts(
        of name: String, among criteria: [String: Criterion]
    ) throws(Problem) -> (Criterion, Filter.Comparison)? {
        if let criterion = criteria[name] {
            guard criterion.comparisons.contains(.equal) else { throw unknown(criterion, name) }
            return (criterion, .equal)
        }
        guard let dot = name.lastIndex(of: "."), let criterion = criteria[String(name[..<dot])] else { return nil }
        let word = String(name[name.index(after: dot)...])
        guard let comparison = Filter.Comparison(rawValue: word), comparison != .equal,
            criterion.comparisons.contains(comparison)
        else { throw unknown(criterion, name) }
        return (criterion, comparison)
    }
    private static func unknown(_ criterion: Criterion, _ name: String) -> Problem {
        .unknownParameter(
            name,
            known: criterion.comparisons.map { $0 == .equal ? criterion.name : "\(criterion.name).\($0.rawValue)" })
    }
}

// MARK: How does it stand in SQL?

extension Condition {
    /// What holds of a row called `t`. Where the row has no value it is not true.
    func sql(_ text: inout SQLText) -> String {
        if case .tags(let isPast) = criterion.place { return tags(isPast: isPast, &text) }
        if criterion.isCondition {
            return (values[0] == .flag(true) ? "" : "NOT ") + criterion.expression(&text)
        }
        return compare(criterion.expression(&text), isSet: criterion.type == .json, &text)
    }

    /// - Parameter isSet: whether the expression is a JSON list, in which a value is looked for.
    func compare(_ expression: String, isSet: Bool, _ text: inout SQLText) -> String {
        func bound(_ value: Value) -> String { criterion.bound(value, &text) }
        let (first, last) = (values[0], values[values.count - 1])
        switch comparison {
        case .null: return "\(expression) IS \(first == .flag(true) ? "" : "NOT ")NULL"
        case .in, .nin:
            let array = text.bind(values)
            let isIn = isSet ? "jsonb_exists_any(\(expression), \(array))" : "\(expression) = ANY (\(array))"
            return comparison == .in ? isIn : "(\(isIn)) IS NOT TRUE"
        case .equal where isSet: return "jsonb_exists(\(expression), \(bound(first)))"
        case .ne where isSet: return "(jsonb_exists(\(expression), \(bound(first)))) IS NOT TRUE"
        // A whole day of an instant: after it is from the next one on; until it includes it.
        case .equal where first.isStartOfDay, .between where first.isStartOfDay || last.isStartOfDay:
            let until = last.isStartOfDay ? "< \(bound(last.nextDay))" : "<= \(bound(last))"
            return "(\(expression) >= \(bound(first)) AND \(expression) \(until))"
        case .gt where first.isStartOfDay: return "\(expression) >= \(bound(first.nextDay))"
        case .lte where first.isStartOfDay: return "\(expression) < \(bound(first.nextDay))"
        case .between: return "(\(expression) >= \(bound(first)) AND \(expression) <= \(bound(last)))"
        case .equal: return "\(expression) = \(bound(first))"
        case .ne: return "\(expression) IS DISTINCT FROM \(bound(first))"
        case .gt: return "\(expression) > \(bound(first))"
        case .gte: return "\(expression) >= \(bound(first))"
        case .lt: return "\(expression) < \(bound(first))"
        case .lte: return "\(expression) <= \(bound(first))"
        case .contains: return "\(expression) ILIKE \(text.bind(pattern: first, from: "%"))"
        case .startsWith: return "\(expression) ILIKE \(text.bind(pattern: first, from: ""))"
        }
    }
}
