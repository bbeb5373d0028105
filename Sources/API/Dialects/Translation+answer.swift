import Application
import HTTPTypes
import Kernel

extension Translation {
    // MARK: How does the answer read in the source's words?

    /// The answer of the canonical route, with the source's names.
    func answer(_ outcome: Outcome) -> Outcome {
        var outcome = outcome
        if let location = outcome.location { outcome.location = address(of: location) }
        guard target.method == .get, target.vocabulary != nil,
            case .object(let members)? = try? JSON(parsing: outcome.body)
        else { return outcome }
        let page = page(members)
        if target.profile != nil, let version = page["version"]?.integer { outcome.version = Int32(version) }
        outcome.body = JSON.object(page).bytes
        return outcome
    }

    private func page(_ members: [String: JSON]) -> [String: JSON] {
        var rest = members
        var parts: [String: JSON] = [:]
        for part in target.parts {
            guard let value = rest.removeValue(forKey: part.ours) else { continue }
            parts[part.theirs] = dialect.vocabulary(part.vocabulary).records(in: value)
        }
        if let profile = target.profile, let record = rest.removeValue(forKey: profile)?.object {
            return rest.merging(vocabulary.document(record)) { $1 }.merging(parts) { $1 }
        }
        guard let records = vocabulary.records(in: .object(rest)).object else { return members }
        return records.merging(parts) { $1 }
    }

    /// Where the source finds what was made; where it has no page for it, ours.
    private func address(of location: String) -> String {
        guard let slash = location.lastIndex(of: "/") else { return location }
        let canonical = location[..<slash].dropFirst(Routes.base.count) + "/{id}"
        let row = dialect.rows.first { row in
            row.method == .get && row.targets.contains { $0.path == canonical || $0.path == canonical + "/detail" }
        }
        return row.map { dialect.prefix + $0.path.replacing("{id}", with: location[location.index(after: slash)...]) }
            ?? location
    }

    // MARK: How does a refusal read in the source's words?

    /// The same refusal, with the places and names that the source knows.
    func refusal(_ problem: Problem, asked parameters: [Parameter]) -> Problem {
        guard target.vocabulary != nil else { return problem }
        let errors = problem.errors.map { flaw in
            let pointer = vocabulary.pointer(flaw.pointer)
            let (ours, theirs) = (flaw.pointer.leaf, pointer.leaf)
            var detail = flaw.detail
            if ours != theirs, detail.hasPrefix(ours + " ") { detail = "\(theirs)\(detail.dropFirst(ours.count))" }
            return Flaw(pointer, flaw.code, detail)
        }
        var (detail, more) = (problem.detail, problem.more)
        if problem.code.hasPrefix("parameter."), let ours = more["parameter"]?.string {
            let pairs = zip(parameters, exchange.query)
            let theirs = pairs.first { $0.0.name == ours && $0.0.name != $0.1.name }?.1.name
            if let theirs {
                more["parameter"] = .string(theirs)
                detail = detail.replacing(ours, with: theirs)
            }
            detail = vocabulary.known(in: detail)
        }
        return Problem(
            problem.code, problem.status, detail, errors: errors, more: more, retryAfter: problem.retryAfter)
    }
}

extension Dialect {
    /// The names of an entity, or of what an answer shows; ours where it has no others.
    func vocabulary(_ name: String?) -> Vocabulary { name.flatMap { vocabularies[$0] } ?? Vocabulary([]) }
}

extension Vocabulary {
    /// A record, or a list of records, with the source's names.
    func records(in json: JSON) -> JSON {
        guard case .object(var members) = json else { return json }
        guard let items = members["items"]?.array else { return .object(document(members)) }
        members["items"] = .array(items.map { $0.object.map { .object(document($0)) } ?? $0 })
        return .object(members)
    }

    /// A record with the source's names.
    func document(_ members: [String: JSON]) -> [String: JSON] {
        var result: [String: JSON] = [:]
        var told: Set<String> = []
        var settled: Set<String> = []
        for term in terms {
            if case .always(let word) = term.form, members["id"] != nil { result[term.theirs] = .string(word) }
            guard let name = term.shown.first, let value = members[name], result[term.theirs] == nil else { continue }
            told.insert(name)
            write(term, value, of: members, into: &result, settled: &settled)
        }
        return result.merging(members.filter { !told.contains($0.key) }) { theirs, _ in theirs }
    }

    private func write(
        _ term: Term, _ value: JSON, of members: [String: JSON], into result: inout [String: JSON],
        settled: inout Set<String>
    ) {
        switch term.form {
        case .same, .shown: result[term.theirs] = term.shown.count == 2 ? value[term.shown[1]] ?? .null : value
        case .words(let words): result[term.theirs] = words.theirs(value)
        case .acts: result[term.theirs] = value
        case .money(let unit, let currency):
            let money = Money(value)
            result[term.theirs] = money.map { unit == .minor ? .integer($0.minor) : $0.number } ?? .null
            result[currency] = money.map { .string($0.currency.code) } ?? .null
        case .about(let entity):
            let isIt = value["entity"] == .string(entity)
            if isIt { settled.insert(term.shown[0]) }
            result[term.theirs] = isIt ? value["id"] ?? .null : members[term.theirs] ?? .null
        case .record(let id, let words):
            if settled.contains(term.shown[0]) { return }
            result[term.theirs] = value["entity"].map(words.theirs) ?? .null
            result[id] = value["id"] ?? .null
        case .stage(let spelling):
            result[term.theirs] = value.string.map { .string(spelling.write($0)) } ?? .null
        case .event(let words):
            let word = value.string?.split(separator: ".", maxSplits: 1).last.map(String.init) ?? ""
            result[term.theirs] = words.theirs(.string(word))
        case .always, .contacts, .dueBefore: break
        }
    }

    /// A place in our body as a place in the source's.
    func pointer(_ ours: String) -> String {
        let tokens = ours.split(separator: "/").map(String.init)
        guard let first = tokens.first else { return ours }
        let named = terms.filter { $0.ours.first == first }
        if tokens.count > 1, let term = named.first(where: { $0.ours == Array(tokens.prefix(2)) }) {
            return "/\(term.theirs)" + tokens.dropFirst(2).map { "/\($0)" }.joined()
        }
        guard let term = named.first(where: { $0.ours.count == 1 }) ?? named.first else { return ours }
        switch (term.form, tokens.dropFirst().first) {
        case (.money(_, let currency), "currency"?): return "/\(currency)"
        case (.record(let id, _), "id"?): return "/\(id)"
        case (.money, _), (.record, _), (.about, _): return "/\(term.theirs)"
        case (_, _): return "/\(term.theirs)" + tokens.dropFirst().map { "/\($0)" }.joined()
        }
    }

    /// A sentence that lists the names that are known, with the source's.
    func known(in detail: String) -> String {
        guard let start = detail.firstRange(of: "nown are ")?.upperBound else { return detail }
        let end = detail[start...].firstRange(of: ", with")?.lowerBound ?? detail.lastIndex(of: ".") ?? detail.endIndex
        let names = detail[start..<end].split(separator: ", ").map { name in
            terms.first { $0.filter == String(name) }?.theirs ?? String(name)
        }
        return "\(detail[..<start])\(Set(names).sorted().joined(separator: ", "))\(detail[end...])"
    }
}

extension String {
    /// The last token of a JSON pointer.
    fileprivate var leaf: String { split(separator: "/").last.map(String.init) ?? "" }
}

extension Money {
    /// As sources that count in whole units write it.
    fileprivate var number: JSON {
        let unit = (0..<currency.exponent).reduce(Int64(1)) { unit, _ in unit * 10 }
        return minor % unit == 0 ? .integer(minor / unit) : .number(Double(minor) / Double(unit))
    }
}
