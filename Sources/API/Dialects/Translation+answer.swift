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
        guard let records = vocabulary.records(in: .object(rest), only: wanted).object else { return members }
        return records.merging(parts) { $1 }
    }

    /// The members that were asked for, each with the one that the source needs beside it; nil: all. One of ours may be
    /// told by several of the source's, of which the others would be told by half.
    private var wanted: Set<String>? {
        guard let fields = exchange.query.first(where: { $0.name == "fields" })?.value else { return nil }
        return Set(
            fields.split(separator: ",").map(String.init).flatMap { name -> [String] in
                guard let term = vocabulary.term(name), let companion = term.companion else { return [name] }
                return [term.theirs, companion]
            })
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
    /// - Parameter parameters: what was asked, in the source's words and in ours.
    func refusal(_ problem: Problem, asked parameters: [(theirs: Parameter, ours: Parameter)]) -> Problem {
        guard target.vocabulary != nil else { return problem }
        let errors = problem.errors.map { flaw in
            let pointer = vocabulary.pointer(flaw.pointer)
            let (ours, theirs) = (flaw.pointer.leaf, pointer.leaf)
            return Flaw(pointer, flaw.code, flaw.detail.beginning(with: ours, as: theirs))
        }
        var (detail, more) = (problem.detail, problem.more)
        let name = problem.code.hasPrefix("parameter.") ? more["parameter"]?.string : nil
        let renamed = parameters.first { $0.ours.name == name && $0.theirs.name != name }?.theirs.name
        if let name, let renamed {
            more["parameter"] = .string(renamed)
            detail = detail.beginning(with: name, as: renamed)
        }
        let told = Problem(
            problem.code, problem.status, detail, errors: errors, more: more, retryAfter: problem.retryAfter)
        guard let name, let known = more["known"]?.array?.compactMap(\.string) else { return told }
        let names = Set(known.flatMap { vocabulary.names(of: $0, shown: name == "fields") })
            .subtracting(name == "fields" ? [] : ["filter", "include"]).sorted()
        return problem.code == "parameter.unknown"
            ? .unknownParameter(renamed ?? name, known: names) : told.knowing(names)
    }
}

extension Dialect {
    /// The names of an entity, or of what an answer shows; ours where it has no others.
    func vocabulary(_ name: String?) -> Vocabulary { name.flatMap { vocabularies[$0] } ?? Vocabulary([]) }
}

extension Vocabulary {
    /// A record, or a list of records, with the source's names.
    /// - Parameter wanted: the only members that are told of each; nil: all.
    func records(in json: JSON, only wanted: Set<String>? = nil) -> JSON {
        func told(_ record: [String: JSON]) -> JSON {
            .object(document(record).filter { wanted?.contains($0.key) ?? true })
        }
        guard case .object(var members) = json else { return json }
        guard let items = members["items"]?.array else { return told(members) }
        members["items"] = .array(items.map { $0.object.map(told) ?? $0 })
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
        case .about(let entity, let beside):
            let isIt = value["entity"] == .string(entity)
            if isIt { settled.insert(term.shown[0]) }
            result[term.theirs] = beside.flatMap { members[$0] } ?? (isIt ? value["id"] ?? .null : .null)
        case .record(let id, _, let words):
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
        case (.record(let id, _, _), "id"?): return "/\(id)"
        case (.money, _), (.record, _), (.about, _): return "/\(term.theirs)"
        case (_, _): return "/\(term.theirs)" + tokens.dropFirst().map { "/\($0)" }.joined()
        }
    }

    /// What the source calls one of our parameters or, of what is `shown`, members; none where it cannot say it.
    func names(of ours: String, shown: Bool) -> [String] {
        var names: [String] = []
        var isOther = hides(ours) || hides(String(ours.prefix { $0 != "." })) || term(ours) != nil
        for term in terms {
            let isShown = shown && term.document == ours
            let own = isShown ? [term.theirs, term.companion].compactMap { $0 } : term.parameters(for: ours)
            guard isShown || !shown, !own.isEmpty else { continue }
            names += own
            if !term.isBesides { isOther = true }
        }
        return isOther ? names : names + [ours]
    }
}

extension Term {
    /// Its names that ask for what our parameter asks for.
    fileprivate func parameters(for ours: String) -> [String] {
        if case .dueBefore = form { return ours == "due_at" ? [theirs] : [] }
        guard let filter else { return [] }
        switch form {
        case .always, .contacts, .dueBefore, .event, .shown: return []
        case .money(_, let currency) where ours == "\(filter).currency": return [currency]
        case .record(let id, let ids?, _) where ours == ids: return [id]
        case .same, .words, .money, .record, .about, .stage, .acts: return ours == filter ? [theirs] : []
        }
    }
}

extension String {
    /// The last token of a JSON pointer.
    fileprivate var leaf: String { split(separator: "/").last.map(String.init) ?? "" }
    /// The same with another name where it begins with this one, as a whole.
    fileprivate func beginning(with ours: String, as theirs: String) -> String {
        let rest = dropFirst(ours.count)
        guard !ours.isEmpty, hasPrefix(ours), let next = rest.first, !next.isLetter, !next.isNumber, next != "_" else {
            return self
        }
        return theirs + rest
    }
}

extension Money {
    /// As sources that count in whole units write it.
    fileprivate var number: JSON {
        let (text, fraction) = (decimal, decimal.split(separator: ".").dropFirst().first ?? "")
        guard fraction.allSatisfy({ $0 == "0" }) else { return Double(text).map { .number($0) } ?? .null }
        return Int64(text.prefix { $0 != "." }).map { .integer($0) } ?? .null
    }
    /// Whether a binary number of 64 bits tells it from what is one minor unit more or less: it keeps 15 digits.
    var isKeptApart: Bool { minor.magnitude < 1_000_000_000_000_000 }
}
