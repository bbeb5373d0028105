public import FoundationEssentials
public import Kernel

/// An entity of whose records two can turn out to be the same. One of them, the winner, stands for both from then on:
/// it takes over what it had not, and the other, the loser, names it. Nothing is moved or deleted: whatever names the
/// loser goes on to do so, and is read as if it named the winner.
///
/// Two that only look the same are told apart for good (`Mergeable+duplicates.swift`).
///
/// An entity takes it on with its acts (`merges`), a case of its commands, seven of its events, and `events(from:to:)`.
public protocol Mergeable: Taggable
where Content == Record, Command: MergeCommand, Event: MergeEvent, Rejection: MergeRefusal {
    /// The entities whose records may tell of the same as one of these.
    static var alike: [String] { get }
    /// Fields besides its own and the tags that one record takes over from another.
    static var inherited: [Field] { get }
    /// The events by which a record that is `old` becomes `new`.
    static func events(from old: Record, to new: Record, in context: Context) throws(Rejection) -> [Event]
    /// What a merge reads besides the two records.
    static func surroundings(of winner: Record, _ loser: Record, known: Context) -> [Reference]
    /// What taking a merge back reads besides the two records.
    /// - Parameter back: the winner as it would be.
    static func surroundings(of back: Record, without merge: Merge, in context: Context) -> [Reference]
    /// What the winner becomes, made to fit where it stands.
    /// - Throws: where the two cannot be one.
    static func fit(_ merged: Record, of winner: Record, and loser: UUID, in context: Context) throws(Rejection)
        -> Record
    /// What the winner becomes that gives back, made to fit where the two then stand.
    /// - Parameters:
    ///   - back: the winner as it was before.
    ///   - winner: the winner as it is.
    /// - Throws: where the two cannot be two.
    static func fit(_ back: Record, of winner: Record, without merge: Merge, in context: Context) throws(Rejection)
        -> Record
}

extension Mergeable {
    /// Its own.
    public static var alike: [String] { [name] }
    /// Nothing besides.
    public static var inherited: [Field] { [] }
    /// Nothing besides.
    public static func surroundings(of winner: Record, _ loser: Record, known: Context) -> [Reference] { [] }
    /// Whatever fits.
    public static func fit(_ merged: Record, of winner: Record, and loser: UUID, in context: Context)
        throws(Rejection) -> Record
    { merged }
    /// Nothing besides.
    public static func surroundings(of back: Record, without merge: Merge, in context: Context) -> [Reference] { [] }
    /// Whatever fits.
    public static func fit(_ back: Record, of winner: Record, without merge: Merge, in context: Context)
        throws(Rejection) -> Record
    { back }
    /// What is known of the record itself.
    public static func record(_ state: State) -> Record? { state.content?.withoutMerges }
    /// The winner; those that were merged into it.
    public static func merged(_ state: State) -> [UUID] {
        [state.mergedInto].compactMap(\.self) + (state.content?.mergedIDs ?? [])
    }
    /// Tags, and what merges tell.
    public static var aside: [Field] { [.tags] + Merging.told + [other] }
}

/// What is asked about two records that are the same, or look so.
public enum Merging: Sendable, Equatable {
    /// This record is to stand for another, too. Whose value counts, by the names of fields, where that is said; else
    /// the winner's, and the loser's where it has none.
    case take(loser: UUID, choices: [String: Side])
    /// The other is to stand for itself again.
    case giveBack(loser: UUID)
    /// Another record stands for this one, or nobody does any more.
    case redirect(into: UUID?)
    /// The other only looks the same.
    case dismiss(SubjectRef)
    /// The other may be the same after all.
    case reconsider(SubjectRef)
    /// The other was told one of both of this record.
    case hear(of: SubjectRef, isDismissed: Bool)

    /// Whose value.
    public enum Side: String, Sendable, CaseIterable { case winner, loser }
    /// The acts that a client asks for; they can be tried first.
    public static let acts: Set = ["merge", "unmerge"]
    /// The acts that only others' acts ask for.
    public static let inner: Set = [redirecting, hearing]
    static let redirecting = "redirect"
    static let hearing = "hear_of_duplicate"
    /// What its events tell besides fields: which fields were taken over, which stay on un-merging because they were
    /// changed since, and who had been merged into the loser before. `emails.ID` is one of several.
    static let told = [
        Field("took", .map(of: .flag, keys: .name)), Field("kept", .map(of: .flag, keys: .name)),
        Field("along", .map(of: .flag, keys: .id)),
    ]
}

/// A command that merges.
public protocol MergeCommand {
    /// What is asked.
    static func merging(_ wish: Merging) -> Self
}

/// Events that tell of merges.
public protocol MergeEvent {
    /// This record stands for another, too, and for all that were merged into that one.
    static func tookOver(loser: UUID, took: Record?, along: Record?) -> Self
    /// The other stands for itself again.
    static func gaveBack(loser: UUID, kept: Record?) -> Self
    /// Another record stands for this one.
    static func merged(into: UUID) -> Self
    /// The one that stood for this one was merged itself, or that was taken back.
    static func redirected(into: UUID) -> Self
    /// This record stands for itself again.
    static var unmerged: Self { get }
    /// The other only looks the same.
    static func duplicateDismissed(other: SubjectRef) -> Self
    /// The other may be the same after all.
    static func duplicateReconsidered(other: SubjectRef) -> Self
}

/// Why two records are not merged, not taken apart, or not told apart.
public protocol MergeRefusal: LastingRefusal {
    /// `<entity>.merged`.
    static var merged: Self { get }
    /// `<entity>.merged_with_itself`.
    static var withItself: Self { get }
    /// `<entity>.loser_archived`.
    static var loserArchived: Self { get }
    /// `<entity>.loser_merged`.
    static var loserMerged: Self { get }
    /// `<entity>.not_merged`.
    static var notMerged: Self { get }
    /// `<entity>.merged_along`.
    static var mergedAlong: Self { get }
    /// `<entity>.duplicate_of_itself`.
    static var duplicateOfItself: Self { get }
}

extension MergeRefusal {
    /// `<entity>.merged`.
    public static var replaced: Self { .merged }
}

// MARK: How is it asked?

extension Mergeable {
    /// The acts of a merge; the last is asked by these only.
    static var merges: [Act<Command>] {
        let loser = Field("loser", .reference(name)).required().alias("loser_id")
        return [
            Act(
                "merge", .verb, "Let it stand for another one, too, that is the same",
                takes: [loser, Field("fields", .map(of: .choice(Merging.Side.allCases.map(\.rawValue)), keys: .name))]
            ) { body throws(Flaw) in
                let id = try body.required(body.id("loser"), "loser")
                let given = (body.values["fields"]?.object ?? [:]).compactMapValues(\.string)
                let known = Set(cells.map(\.name))
                for name in given.keys.sorted() where !known.contains(String(name.prefix { $0 != "." })) {
                    throw Flaw("/fields/\(name)", "unknown_member", "there is no such field to choose")
                }
                return .merging(.take(loser: id, choices: given.compactMapValues(Merging.Side.init)))
            },
            Act("unmerge", .verb, "Let another one that was merged into it stand for itself again", takes: [loser]) {
                body throws(Flaw) in
                .merging(.giveBack(loser: try body.required(body.id("loser"), "loser")))
            },
            Act(
                Merging.redirecting, .verb, "Say which record stands for it",
                takes: [Field("into", .id)]
            ) { .merging(.redirect(into: $0.id("into"))) },
        ] + dismissals
    }
}

// MARK: What does a decision read, and what does it ask of others?

extension Mergeable {
    /// The other record, and what lies about both.
    static func references(_ wish: Merging, _ state: State, known: Context) -> [Reference] {
        switch wish {
        case .take(let loser, _):
            let other = known.state(Self.self, loser).content ?? Record()
            return [Reference(Self.self, loser)] + surroundings(of: state.content ?? Record(), other, known: known)
        case .giveBack(let loser):
            guard let winner = state.content, let merge = winner.merge(of: loser) else {
                return [Reference(Self.self, loser)]
            }
            let (back, _) = given(merge, back: winner, in: known)
            return [Reference(Self.self, loser)] + surroundings(of: back, without: merge, in: known)
        case .redirect, .dismiss, .reconsider, .hear: return []
        }
    }

    /// The loser is told, and those that had been merged into it before.
    static func steps(_ wish: Merging, given state: State, deciding events: [Event], of id: UUID) -> [Step] {
        func redirect(_ record: UUID, into other: UUID?) -> Step {
            let body: [String: JSON] = other.map { ["into": .string($0.text)] } ?? [:]
            return Step(Self.self, record, Merging.redirecting, body, from: "loser")
        }
        switch wish {
        case .take(let loser, _):
            var after = state
            for event in events { evolve(&after, event) }
            let along = after.content?.merge(of: loser)?.along ?? []
            return ([loser] + along).map { redirect($0, into: id) }
        case .giveBack(let loser):
            let along = state.content?.merge(of: loser)?.along ?? []
            return [redirect(loser, into: nil)] + along.map { redirect($0, into: loser) }
        case .dismiss(let other): return [told(other, of: id, isDismissed: true)]
        case .reconsider(let other): return [told(other, of: id, isDismissed: false)]
        case .redirect, .hear: return []
        }
    }
}

// MARK: What happens?

extension Mergeable {
    /// What happens.
    static func merged(_ state: State, by wish: Merging, in context: Context) throws(Rejection) -> [Event] {
        switch wish {
        case .take(let loser, let choices): return try taken(loser, choices, by: state, in: context)
        case .giveBack(let loser): return try given(loser, back: state, in: context)
        case .redirect(let winner): return try redirected(state, into: winner)
        case .dismiss(let other), .hear(let other, true): return try dismissed(other, by: state, in: context)
        case .reconsider(let other), .hear(let other, false): return try reconsidered(other, by: state)
        }
    }

    private static func taken(_ id: UUID, _ choices: [String: Merging.Side], by state: State, in context: Context)
        throws(Rejection) -> [Event]
    {
        let winner = try inUse(state)
        guard id != context.id else { throw .withItself }
        if winner.merge(of: id) != nil { return [] }
        let loser: Record
        switch context.state(Self.self, id) {
        case .absent: throw .absent
        case .archived: throw .loserArchived
        case .merged: throw .loserMerged
        case .active(let record): loser = record
        }
        let all = Cells(of: winner, cells).united(with: Cells(of: loser, cells), choices).record(on: winner, cells)
        let after = try fit(all, of: winner, and: id, in: context)
        let changes = try events(from: winner, to: after, in: context)
        let took = Cells(of: winner, cells).names(differingFrom: Cells(of: after, cells))
        let along = loser.mergedIDs.map(\.text)
        return [.tookOver(loser: id, took: Record(flagging: took), along: Record(flagging: along))] + changes
    }

    private static func given(_ id: UUID, back state: State, in context: Context) throws(Rejection) -> [Event] {
        let winner = try inUse(state)
        guard let merge = winner.merge(of: id) else {
            if winner.mergedIDs.contains(id) { throw .mergedAlong }
            if context.state(Self.self, id).mergedInto != nil { throw .notMerged }
            return []
        }
        let (back, kept) = given(merge, back: winner, in: context)
        let after = try fit(back, of: winner, without: merge, in: context)
        let unfit = Cells(of: after, cells).names(differingFrom: Cells(of: back, cells))
        let changes = try events(from: winner, to: after, in: context)
        return [.gaveBack(loser: id, kept: Record(flagging: kept + unfit))] + changes
    }

    /// The winner without what it took over, and the names of what it keeps nevertheless.
    private static func given(_ merge: Merge, back winner: Record, in context: Context) -> (Record, kept: [String]) {
        let loser = context.state(Self.self, merge.loser).content ?? Record()
        let (back, kept) = Cells(of: winner, cells).without(
            Cells(of: loser, cells), merge, later: winner.merges(after: merge))
        return (back.record(on: winner, cells), kept)
    }

    private static func redirected(_ state: State, into winner: UUID?) throws(Rejection) -> [Event] {
        switch (state, winner) {
        case (.absent, _): throw .absent
        case (.archived, _): throw .archived
        case (.active, nil): return []
        case (.active, let winner?): return [.merged(into: winner)]
        case (.merged, nil): return [.unmerged]
        case (.merged(_, let known), let winner?): return known == winner ? [] : [.redirected(into: winner)]
        }
    }

    /// The fields that one record can take over from another, each with how its value comes in parts.
    static var cells: [Cells.Field] {
        (fields + [.tags] + inherited).compactMap { Cells.Field($0) }
    }
}

extension Record {
    /// True for each of these names; nil where there are none.
    fileprivate init?(flagging names: [String]) {
        if names.isEmpty { return nil }
        self.init(Dictionary(names.map { ($0, true) }) { $1 })
    }
}

// MARK: What does it mean?

extension Life where Content == Record {
    mutating func takeOver(_ loser: UUID, _ took: Record?, _ along: Record?, _ cells: [Cells.Field]) {
        change { $0.rememberMerge(of: loser, took, along, before: Cells(of: $0, cells)) }
    }
    mutating func giveBack(_ loser: UUID, kept: Record?) { change { $0.forgetMerge(of: loser, kept: kept) } }
    mutating func merge(into winner: UUID) { if let content { self = .merged(content, into: winner) } }
    mutating func unmerge() { if let content { self = .active(content) } }
}
