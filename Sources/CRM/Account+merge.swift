import FoundationEssentials
public import Kernel

// MARK: What is special where two accounts are one?

extension Account {
    /// Whom one turns to first is taken over, too.
    public static var inherited: [Field] { derived.filter { $0.name == "primary_contact_id" } }

    /// Those that stand above both.
    public static func surroundings(of winner: Record, _ loser: Record, known: Context) -> [Reference] {
        (ancestry(winner.id("parent_id"), known) + ancestry(loser.id("parent_id"), known))
            .map { Reference(Account.self, $0) }
    }

    /// Those that would stand above both.
    public static func surroundings(of back: Record, without merge: Merge, in context: Context) -> [Reference] {
        let loser = context.state(Account.self, merge.loser).content ?? Record()
        return [back, loser].flatMap { ancestry($0.id("parent_id"), context, parted: merge) }
            .map { Reference(Account.self, $0) }
    }

    /// What stood between the two goes: an account that stood under the other stands where that one did, and none comes
    /// to stand under itself.
    public static func fit(_ merged: Record, of winner: Record, and loser: UUID, in context: Context)
        throws(Rejection) -> Record
    {
        var merged = merged
        let over = winner.id("parent_id")
        let above = context.state(Account.self, loser).content?.id("parent_id")
        let fits = !ancestry(above, context).contains(context.id)
        if over == loser {
            merged.set("parent_id", fits ? above : nil)
        } else if ancestry(over, context).contains(loser) {
            throw .parentCycle
        } else if merged.id("parent_id") != over, !fits {
            merged.set("parent_id", over)
        }
        return merged
    }

    /// Where what it stood under has come to stand under it meanwhile, it stays where it is; the other, which nobody
    /// could move meanwhile, cannot.
    public static func fit(_ back: Record, of winner: Record, without merge: Merge, in context: Context)
        throws(Rejection) -> Record
    {
        let loser = context.state(Account.self, merge.loser).content?.id("parent_id")
        guard !ancestry(loser, context, parted: merge).contains(merge.loser) else { throw .parentCycle }
        guard ancestry(back.id("parent_id"), context, parted: merge).contains(context.id) else { return back }
        var back = back
        back.set("parent_id", winner.id("parent_id"))
        return back
    }

    /// By the events that tell of each part.
    public static func events(from old: Record, to new: Record, in context: Context) throws(Rejection) -> [Event] {
        let change = Patch.replacing(fields, of: old, by: new).effective(on: old, fields).without("contacted")
        var events = events(of: change, on: old, context.today) + FollowUp.contacts(from: old, to: new)
        let (first, contact) = (old.id("primary_contact_id"), new.id("primary_contact_id"))
        if first != contact { events.append(.primaryContactChanged(from: first, primary_contact_id: contact)) }
        if let tags = Patch.tags(from: old, to: new) { events.append(.tagsChanged(tags: tags)) }
        return events
    }

    /// What merging asks of the other.
    public static func steps(_ command: Command, given state: State, deciding events: [Event], of id: UUID) -> [Step] {
        guard case .merging(let wish) = command else { return [] }
        return steps(wish, given: state, deciding: events, of: id)
    }
}
