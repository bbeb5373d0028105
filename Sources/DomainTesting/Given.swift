public import FoundationEssentials
public import Kernel
public import Testing

/// Begins a sentence about a decision:
///
///     given(Deal.self, opened, with: [pipeline]).when(.move(to: proposal)).then(.moved(from: lead, to: proposal))
public func given<E: Entity>(
    _: E.Type, _ history: E.Event..., id: UUID = Scene.id, with others: [Other] = []
) -> Given<E> {
    given(E.self, history, id: id, with: others)
}

/// The same with the events in an array.
public func given<E: Entity>(
    _: E.Type, _ history: [E.Event], id: UUID = Scene.id, with others: [Other] = []
) -> Given<E> {
    Given(history: history, id: id, others: Dictionary(others.map { ($0.reference, $0.state) }) { $1 })
}

/// What had happened, to this record and to others.
public struct Given<E: Entity> {
    let history: [E.Event]
    let id: UUID
    let others: [Reference: any Sendable]

    /// What is asked.
    public func when(_ command: E.Command) -> When<E> { When(given: self, command: command) }

    /// Asks through the act of a name, with a body as a client writes it; a flaw in it is an issue.
    public func when(
        _ act: String, _ body: [String: JSON] = [:], sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> When<E> {
        let act = try #require(E.acts.first { $0.name == act }, "no act \(act)", sourceLocation: sourceLocation)
        return When(given: self, command: try act.make(try act.normal(body)))
    }

    /// What it amounts to.
    public var state: E.State { E.state(after: history) }
}

/// What had happened, and what is asked.
public struct When<E: Entity> {
    let given: Given<E>
    let command: E.Command

    private func decide(_ state: E.State) throws(E.Rejection) -> [E.Event] {
        let context = E.context(of: command, given: state, id: given.id, others: given.others)
        return try E.decide(command, given: state, in: context)
    }

    /// Exactly this happens; each event survives storage, and the same again decides nothing, unless it `recurs`.
    @discardableResult public func then(
        _ expected: E.Event..., recurs: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
    ) -> Given<E> {
        var state = given.state
        do {
            let events = try decide(state)
            #expect(events == expected, sourceLocation: sourceLocation)
            for event in events {
                #expect(try Stored(event).decode(E.Event.self) == event, sourceLocation: sourceLocation)
                E.evolve(&state, event)
            }
            let again = (try? decide(state)) ?? []
            #expect(again.isEmpty || recurs, "deciding twice decides nothing new", sourceLocation: sourceLocation)
            return Given(history: given.history + events, id: given.id, others: given.others)
        } catch {
            Issue.record("refused: \(error)", sourceLocation: sourceLocation)
            return given
        }
    }

    /// Nothing happens, for this reason.
    public func thenRefused(_ rejection: E.Rejection, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(throws: rejection, sourceLocation: sourceLocation) { try decide(given.state) }
    }

    /// What it amounts to afterwards.
    public func thenState() throws -> E.State {
        try decide(given.state).reduce(into: given.state) { E.evolve(&$0, $1) }
    }
}

extension Act {
    /// A body as a client writes it, in normal form.
    /// - Throws: the first `Flaw`.
    public func normal(_ body: [String: JSON]) throws -> Body {
        var flaws: [Flaw] = []
        let values = takes.normal(body, partial: isPartial, flaws: &flaws)
        if let first = flaws.min(by: { $0.pointer < $1.pointer }) { throw first }
        return Body(values)
    }

    /// Whether a record begins by it.
    var isBeginning: Bool {
        switch form {
        case .creates: true
        case .edits, .verb, .archives: false
        }
    }
    /// Whether its body is a merge patch.
    var isPartial: Bool {
        switch form {
        case .edits: true
        case .creates, .verb, .archives: false
        }
    }
}
