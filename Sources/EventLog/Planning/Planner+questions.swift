import FoundationEssentials
import Kernel

extension Planner {
    // MARK: - What is not known?

    /// What must be read before the chosen units can be judged.
    mutating func questions() -> Questions {
        var questions = Questions(isImpatient: isImpatient)
        var heads: Set<UUID> = []
        var streams: Set<StreamKey> = []
        for pending in chosen {
            let unit = pending.unit
            let book = book(of: unit.organization)
            let isPessimistic = book.pessimistic > 0 && !isLocked
            if isPessimistic, questions.locks.last != unit.organization { questions.locks.append(unit.organization) }
            if isPessimistic, let head = book.head {
                let sequel = Questions.Sequel(
                    organization: unit.organization, from: head.position, limit: limits.sequel)
                if questions.sequels.last != sequel { questions.sequels.append(sequel) }
                streams.formUnion(book.unknown(of: pending))
            } else {
                let isStale = book.head.map { unit.readAt > $0.position && !pending.sawHead } ?? true
                if isStale { heads.insert(unit.organization) }
                if isPessimistic || !isStale {
                    streams.formUnion(book.unknown(of: pending, whenMoved: isPessimistic))
                }
            }
            if pending.isSuspect && !pending.wasLookedUp {
                questions.claims += unit.takes.map { ClaimKey(unit.organization, $0) }
                if let outcome = unit.outcome { questions.outcomes.append(OutcomeKey(unit.organization, outcome)) }
            }
        }
        questions.heads = heads.sorted()
        // Of an organization whose head is asked, streams read at the old head would be forgotten with it.
        questions.streams = Array(streams)
        return questions
    }

    /// What is known of an organization, be it nothing.
    func book(of organization: UUID) -> Book { books[organization] ?? Book(capacity: limits.rememberedOfOne) }

    // MARK: - What was read?

    /// The answers to the questions of the last `look`.
    mutating func learn(_ facts: Facts, to questions: Questions) {
        if !questions.locks.isEmpty {
            isLocked = true
            mayFill = questions.locks
        }
        let locked = Set(questions.locks)
        for sequel in questions.sequels {
            let steps = facts.sequels[sequel.organization] ?? []
            books[sequel.organization]?.follow(steps, limit: sequel.limit)
            remembered += steps.count
        }
        for (organization, tip) in facts.tips {
            var book = book(of: organization)
            book.open(at: tip, isLocked: locked.contains(organization))
            books[organization] = book
        }
        for (key, fact) in facts.streams { books[key.organization]?.learn(key.stream, fact) }
        remembered += facts.streams.count
        known.claims.merge(facts.claims) { $1 }
        known.outcomes.merge(facts.outcomes) { $1 }
        let seen = Set(facts.tips.keys).union(questions.sequels.map(\.organization))
        for index in chosen.indices {
            if seen.contains(chosen[index].unit.organization) { chosen[index].sawHead = true }
            if chosen[index].isSuspect { chosen[index].wasLookedUp = true }
        }
    }
}
