import Application
import CRM
import FoundationEssentials
import Kernel

extension Translation {
    // MARK: What do the parameters stand for?

    /// What every list takes, whatever it is of.
    private static let common: Set = [
        "limit", "cursor", "page", "page_size", "q", "total", "external_id", "archived", "as_of", "as_known",
    ]

    /// The parameters in our words.
    /// - Throws: `parameter.unknown`, `parameter.invalid` in the source's words.
    mutating func parameters() async throws(Problem) -> [(theirs: Parameter, ours: Parameter)] {
        guard target.vocabulary != nil else { return exchange.query.map { ($0, $0) } }
        var result: [(theirs: Parameter, ours: Parameter)] = []
        for item in exchange.query {
            if let condition = target.condition, item.name == condition.member { continue }
            switch route.parameters {
            case .grammar: result.append((item, try await parameter(item)))
            case .only: result.append((item, item.name == "fields" ? members(item) : item))
            }
        }
        return result
    }

    /// The members to be shown, or by which a list is sorted.
    private func members(_ item: Parameter) -> Parameter {
        let parts = item.value.split(separator: ",", omittingEmptySubsequences: false).map { part -> String in
            let sign = part.hasPrefix("-") ? "-" : ""
            let name = String(part.dropFirst(sign.count))
            guard let term = vocabulary.term(name) else { return String(part) }
            return sign + (item.name == "sort" ? term.filter ?? name : term.document)
        }
        return Parameter(item.name, parts.joined(separator: ","))
    }

    private mutating func parameter(_ item: Parameter) async throws(Problem) -> Parameter {
        if let name = dialect.parameters[item.name] { return Parameter(name, item.value) }
        if Self.common.contains(item.name) { return item }
        switch item.name {
        case "sort", "fields": return members(item)
        case "filter", "include": throw unknown(item.name)
        case _: break
        }
        let head = String(item.name.prefix { $0 != "." })
        let rest = String(item.name.dropFirst(head.count))
        guard let term = vocabulary.terms.first(where: { ($0.theirs == head || $0.companion == head) }) else {
            guard !vocabulary.hides(head) else { throw unknown(item.name) }
            return item
        }
        return try await parameter(item, term, head, rest)
    }

    private mutating func parameter(_ item: Parameter, _ term: Term, _ head: String, _ rest: String)
        async throws(Problem) -> Parameter
    {
        if case .dueBefore = term.form {
            return Parameter(Day(item.value) == nil ? "due_at.lt" : "due_day.lt", item.value)
        }
        guard let name = term.filter else { throw unknown(item.name) }
        switch term.form {
        case .same, .about: return Parameter(name + rest, item.value)
        case .words(let words): return Parameter(name + rest, item.value.each { words.ours(.string($0)).string ?? $0 })
        case .acts: return Parameter(name + rest, item.value)
        case .money(_, let currency) where head == currency:
            return Parameter("\(name).currency" + rest, item.value)
        case .money(.minor, _): return Parameter(name + rest, item.value)
        case .money(.decimal, let member):
            let said = exchange.query.first { $0.name == member }?.value
            guard let currency = try await currency(of: term.ours[0], said.map { .string($0) }) else {
                return Parameter(name + rest, item.value)
            }
            return Parameter(
                name + rest, item.value.each { Money(decimal: $0, currency: currency).map { String($0.minor) } ?? $0 })
        case .record(let id, let ids, _) where head == id:
            guard let ids else { throw unknown(item.name) }
            return Parameter(ids + rest, item.value)
        case .record(_, _, let words):
            return Parameter(name + rest, item.value.each { words.ours(.string($0)).string ?? $0 })
        case .stage(let spelling): return try await stages(item, spelling, name, rest)
        case .always, .contacts, .dueBefore, .event, .shown: throw unknown(item.name)
        }
    }

    /// A name is that of a stage in any pipeline.
    private func stages(_ item: Parameter, _ spelling: Term.Spelling, _ name: String, _ rest: String)
        async throws(Problem) -> Parameter
    {
        guard rest.isEmpty || [".in", ".nin", ".ne", ".eq"].contains(rest) else {
            return Parameter(name + rest, item.value)
        }
        let reply = try await services.queries.list(
            "pipeline", [Parameter("limit", "200")], by: caller, min: exchange.conditions.minimum)
        let pipelines = (try? JSON(parsing: reply.body))?["items"]?.array ?? []
        let stages = pipelines.flatMap { $0["stages"]?.array ?? [] }
        let ids = item.value.split(separator: ",").flatMap { word in
            stages.filter { stage in
                stage["id"]?.string == word.lowercased()
                    || Term.Spelling.snake.write(stage["name"]?.string ?? "") == Term.Spelling.snake.write(String(word))
            }.compactMap { $0["id"]?.string }
        }
        guard !ids.isEmpty else {
            let known = Set(stages.compactMap { $0["name"]?.string.map(spelling.write) }).sorted()
            throw Problem(
                "parameter.invalid", 400,
                "No stage is called \(item.value.prefix(60)). There are \(known.joined(separator: ", ")).",
                more: ["parameter": .string(String(item.name.prefix(100)))])
        }
        let isNot = rest == ".nin" || rest == ".ne"
        return Parameter(name + (isNot ? ".nin" : ".in"), ids.joined(separator: ","))
    }

    private func unknown(_ name: String) -> Problem {
        let head = String(name.prefix { $0 != "." })
        let other = vocabulary.terms.first { term in
            term.theirs != head && term.filter != nil && (term.ours.first == head || term.shown.first == head)
        }
        let way = other.map { "It is called \($0.theirs)." } ?? "The lists under \(Routes.base) may have it."
        return Problem(
            "parameter.unknown", 400, "There is no parameter \(name.prefix(100)) here. \(way)",
            more: ["parameter": .string(String(name.prefix(100)))])
    }
}

extension String {
    /// The same of each of its values between commas.
    fileprivate func each(_ change: (String) -> String) -> String {
        split(separator: ",", omittingEmptySubsequences: false).map { change(String($0)) }.joined(separator: ",")
    }
}
