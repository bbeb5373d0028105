import Application
import CRM
import FoundationEssentials
import HTTPTypes
import Kernel

extension Translation {
    // MARK: What does a member of a body stand for?

    /// Takes over what the body says under one name.
    /// - Parameters:
    ///   - given: the value; nil where only the member beside it is given.
    ///   - beside: the value of the term's second member.
    mutating func take(
        _ term: Term, _ given: JSON?, _ beside: JSON?, of object: [String: JSON], into asked: inout Asked,
        _ flaws: inout [Flaw]
    ) async throws(Problem) {
        let value = given ?? .null
        switch term.form {
        case .same: try await put(value, at: term.ours, into: &asked)
        case .words(let words): try await put(words.ours(value), at: term.ours, into: &asked)
        case .money(let unit, let currency):
            asked.body[term.ours[0]] = try await money(value, beside, unit, term, currency, &flaws)
        case .record(let id, _, let words): record(words.ours(value), beside ?? .null, term, id, into: &asked, &flaws)
        case .about(let entity, let beside): try await about(value, entity, beside, term, into: &asked, &flaws)
        case .stage(let spelling): try await stage(value, spelling, term, of: object, into: &asked, &flaws)
        case .acts(let first, let changes): try await status(value, first, changes, term, into: &asked, &flaws)
        case .always(let word):
            if value != .string(word) {
                flaws.append(Flaw("/\(term.theirs)", "not_allowed", "\(term.theirs) stays \(word)"))
            }
        case .contacts:
            let people = value.array?.map { ["entity": "contact", "id": $0] as JSON }
            asked.body[term.ours[0]] = people.map { .array($0) } ?? value
        case .dueBefore, .event, .shown: break
        }
    }

    /// A member of a member is changed alone: what is beside it stays where the body only says what changes.
    private mutating func put(_ value: JSON, at path: [String], into asked: inout Asked) async throws(Problem) {
        guard path.count == 2 else {
            asked.body[path[0]] = value
            return
        }
        let old = route.isPatch ? try await present()[path[0]] : nil
        var members = asked.body[path[0]]?.object ?? old?.object ?? [:]
        members[path[1]] = value == .null ? nil : value
        asked.body[path[0]] = members.isEmpty ? .null : .object(members)
    }

    private mutating func money(
        _ value: JSON, _ beside: JSON?, _ unit: Term.Unit, _ term: Term, _ member: String, _ flaws: inout [Flaw]
    ) async throws(Problem) -> JSON? {
        if value == .null {
            guard let beside, beside != .null else { return .null }
            flaws.append(Flaw("/\(term.theirs)", "required", "\(term.theirs) must be given with \(member)"))
            return nil
        }
        guard let currency = try await currency(of: term.ours[0], beside) else {
            flaws.append(Flaw("/\(member)", "malformed", "an ISO 4217 code such as USD is expected"))
            return nil
        }
        switch (unit, value) {
        case (.minor, .integer(let minor)): return Money(minor: minor, currency: currency).json
        case (.minor, _):
            flaws.append(Flaw("/\(term.theirs)", "wrong_type", "an integer of minor units is expected"))
        case (.decimal, .integer), (.decimal, .number):
            let money = Money(decimal: value.text, currency: currency)
            // Of what came with a fraction, the last digits are lost already where there are too many.
            if let money, value.integer != nil || money.isKeptApart { return money.json }
            flaws.append(
                Flaw(
                    "/\(term.theirs)", "malformed",
                    "a number with at most \(currency.exponent) decimals and 15 digits is expected, in \(currency.code)"
                ))
        case (.decimal, _):
            flaws.append(Flaw("/\(term.theirs)", "wrong_type", "a number is expected, not \(value.kind)"))
        }
        return nil
    }
    /// The currency that is said beside an amount, or the one that is meant.
    mutating func currency(of member: String, _ beside: JSON?) async throws(Problem) -> Currency? {
        guard let beside, beside != .null else { return try await currency(of: member) }
        return beside.string.flatMap { Currency($0.uppercased()) }
    }

    private func record(
        _ kind: JSON, _ id: JSON, _ term: Term, _ companion: String, into asked: inout Asked, _ flaws: inout [Flaw]
    ) {
        switch (kind, id) {
        case (.null, .null): asked.body[term.ours[0]] = asked.body[term.ours[0]] ?? .null
        case (.null, _), (_, .null):
            let missing = kind == .null ? term.theirs : companion
            flaws.append(Flaw("/\(missing)", "required", "\(missing) must be given with the other"))
        case (_, _):
            guard (asked.body[term.ours[0]] ?? .null) == .null else {
                flaws.append(Flaw("/\(term.theirs)", "duplicate", "say once what it is about"))
                return
            }
            asked.body[term.ours[0]] = ["entity": kind, "id": id]
        }
    }

    /// The first that is named is what it is about; a contact beside it is with whom it was. An edit that names only
    /// that one leaves it about what it is, and one that names none of a kind which it is not about says nothing.
    private mutating func about(
        _ value: JSON, _ entity: String, _ beside: String?, _ term: Term, into asked: inout Asked,
        _ flaws: inout [Flaw]
    ) async throws(Problem) {
        let member = term.ours[0]
        let isSettled = (asked.body[member] ?? .null) != .null
        let kind = route.isPatch ? try await present()[member]?["entity"] : nil
        let isOther = kind.map { $0 != .string(entity) } ?? false
        // Whom it is about is also with whom it was; said aloud, since a replacement clears what is not said.
        if let beside, value != .null || isOther { asked.body[beside] = value }
        switch (value, isSettled || isOther) {
        case (.null, true): break
        case (.null, false): asked.body[member] = .null
        case (_, true) where beside != nil: break
        case (_, _) where !isSettled: asked.body[member] = ["entity": .string(entity), "id": value]
        case (_, _):
            flaws.append(
                Flaw("/\(term.theirs)", "not_allowed", "it is about one record; that one's page shows the others"))
        }
    }

    // MARK: Which stage, and which status?

    private mutating func stage(
        _ value: JSON, _ spelling: Term.Spelling, _ term: Term, of object: [String: JSON], into asked: inout Asked,
        _ flaws: inout [Flaw]
    ) async throws(Problem) {
        guard let word = value.string else {
            flaws.append(Flaw("/\(term.theirs)", "wrong_type", "the name of a stage is expected, not \(value.kind)"))
            return
        }
        let stages = try await stages(in: object["pipeline_id"])
        guard let stage = stages.all.first(where: { spelling.fits(word, $0) && !stages.isRetired($0.id) }) else {
            let known = stages.all.filter { !stages.isRetired($0.id) }.map { spelling.write($0.name) }
            let detail = "no stage is called that; there are \(known.joined(separator: ", "))"
            flaws.append(Flaw("/\(term.theirs)", "not_found", detail))
            return
        }
        let id = JSON.string(stage.id.text)
        let current = try await present()["stage_id"]?.string.flatMap(UUID.init(text:)).flatMap { stages[$0] }
        guard let current, current.id != stage.id, current.kind != .open || stage.kind != .open else {
            asked.body["stage_id"] = id
            return
        }
        // What tells how it ended goes with the act that ends it.
        func ending(_ names: String...) -> [String: JSON] {
            var body: [String: JSON] = ["stage_id": id]
            for name in names {
                let theirs = vocabulary.terms.first { $0.ours == [name] }?.theirs ?? name
                body[name] = object[theirs]
            }
            return body
        }
        let act: (String, [String: JSON]) =
            switch stage.kind {
            case .open: ("reopen", ending())
            case .won: ("win", ending("actual_close"))
            case .lost: ("lose", ending("actual_close", "lost_reason", "lost_to"))
            }
        asked.then.append(act)
    }

    private mutating func status(
        _ value: JSON, _ first: String, _ changes: [Term.Change], _ term: Term, into asked: inout Asked,
        _ flaws: inout [Flaw]
    ) async throws(Problem) {
        let now = isNew ? first : try await present()["status"]?.string
        if value.string == now { return }
        // Where none leads there from here, the act itself says why not.
        let leading = changes.filter { $0.to == value.string }
        guard let change = leading.first(where: { $0.from == nil || $0.from == now }) ?? leading.first, !isNew else {
            let words = Set(changes.map(\.to)).sorted().joined(separator: ", ")
            let detail = isNew ? "what is new is \(first); change it afterwards" : "it can become one of \(words)"
            flaws.append(Flaw("/\(term.theirs)", "not_allowed", detail))
            return
        }
        asked.then.append((change.act, change.member.map { [$0: value] } ?? [:]))
    }
    private var isNew: Bool { target.method == .post }
}

extension [String: String] {
    /// The word of ours that one of the source's stands for; what is none of them stays.
    func ours(_ theirs: JSON) -> JSON {
        guard let word = theirs.string, let pair = first(where: { $0.value == word }) else { return theirs }
        return .string(pair.key)
    }
    /// The source's word for one of ours.
    func theirs(_ ours: JSON) -> JSON { ours.string.flatMap { self[$0] }.map { .string($0) } ?? ours }
}

extension Term.Spelling {
    /// The name of a stage as the source writes it.
    func write(_ name: String) -> String {
        switch self {
        case .name: name
        case .snake: name.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: "_")
        }
    }
    /// Whether a word stands for a stage: by its name, however it is joined, or its id.
    func fits(_ word: String, _ stage: Stage) -> Bool {
        word.lowercased() == stage.id.text || Term.Spelling.snake.write(word) == Term.Spelling.snake.write(stage.name)
    }
}
