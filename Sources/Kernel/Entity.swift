import FoundationEssentials

/// One kind of thing the business makes decisions about. Pure: time, ids and what other streams say are arguments.
///
/// Routes, import mappings, permissions, the description of the API and the fuzzer are generic over the list of
/// entities: a new one is its file, a word in that list, its test and a projection.
public protocol Entity: SendableMetatype {
    associatedtype Command: Sendable, Equatable
    associatedtype Event: Message
    associatedtype State: Sendable, Equatable
    associatedtype Rejection: Refusal

    /// Prefix of the stored names and of codes: "deal". Never renamed.
    static var name: String { get }
    /// Its path and its read table: "deals".
    static var plural: String { get }
    /// Plain fields: no rule reads them, one command edits them.
    static var fields: [Field] { get }
    /// What its events and its record have beside the fields, made by a decision: a contact's `primary_email`.
    static var derived: [Field] { get }
    /// What events of their own tell beside the fields, and no other event has: the tags on a record.
    static var aside: [Field] { get }
    /// The members of its record that name another record of the same person: whoever erases the one erases the other.
    static var samePerson: Set<String> { get }
    /// The other records that stand for this one, or for which it stands, since they are the same.
    static func merged(_ state: State) -> [UUID]
    /// What became of the older shapes of its events.
    static var upcasts: Upcasts { get }
    /// What can be asked, in the order a person would.
    static var acts: [Act<Command>] { get }
    /// Who may ask it.
    static var audience: Audience { get }

    /// A stream without events.
    static var initial: State { get }
    /// What a decision reads of other streams. Asked again with what is known by then until it names nothing new, so
    /// that a chain (an account's parents) can be followed.
    static func references(_ command: Command, _ state: State, known: Context) -> [Reference]
    /// What happens. Deciding twice decides nothing the second time.
    static func decide(_ command: Command, given state: State, in context: Context) throws(Rejection) -> [Event]
    /// The stream in which a new record of this body begins, where the body says which; nil: any.
    static func id(for body: JSON) -> UUID?
    /// What the decision asks of other records, in this order: an act over several streams. Each step is decided on
    /// what those before it left, then come the record's own events, and all is one unit: all of it or nothing.
    ///
    /// Pure, of the command and the events that were decided; where nothing was decided, nothing is asked of others.
    /// - Parameter id: the record decided on.
    static func steps(_ command: Command, given state: State, deciding events: [Event], of id: UUID) -> [Step]
    /// What it means. Total: history cannot be refused.
    static func evolve(_ state: inout State, _ event: Event)
    /// The values of `fields` in this state; nil where there is no record. A full replacement (PUT) compares with it.
    static func record(_ state: State) -> Record?
    /// Of whom the record tells, where that is another record, a person: what is personal in its events is sealed
    /// under that one's key, and forgotten with it. Asked with the state after the event.
    static func person(_ state: State) -> UUID?
    /// Personal members of its events that are under the record's own key all the same: they tell of others.
    static var sealedByRecord: Set<String> { get }
    /// Why others may not name the record any more; nil where they may.
    static func objection(_ state: State) -> String?
    /// What is this record's alone while it is in this state; a claim that appears is taken, one that goes is released.
    static func claims(_ state: State) -> Set<Claim>
    /// What is so in this state and can never be, in words; empty as long as decisions are right. `known` has the
    /// streams beside it. The fuzzer asks.
    static func contradictions(_ state: State, known: Context) -> [String]
}

extension Entity {
    /// Nothing beside the fields.
    public static var derived: [Field] { [] }
    /// Nothing is told aside.
    public static var aside: [Field] { [] }
    /// A fresh one.
    public static func id(for body: JSON) -> UUID? { nil }
    /// Whoever wants may name it.
    public static func objection(_ state: State) -> String? { nil }
    /// Decisions read their own stream only.
    public static func references(_ command: Command, _ state: State, known: Context) -> [Reference] { [] }
    /// Decisions concern their own stream only.
    public static func steps(_ command: Command, given state: State, deciding events: [Event], of id: UUID) -> [Step] {
        []
    }
    /// Every record stands for itself.
    public static func merged(_ state: State) -> [UUID] { [] }
    /// No other record is about the same person.
    public static var samePerson: Set<String> { [] }
    /// What is personal is sealed under the record's own key.
    public static func person(_ state: State) -> UUID? { nil }
    /// Whatever is personal goes with that person.
    public static var sealedByRecord: Set<String> { [] }
    /// No plain fields.
    public static func record(_ state: State) -> Record? { nil }
    /// Nothing is claimed.
    public static func claims(_ state: State) -> Set<Claim> { [] }
    /// Whatever its fields allow may be so.
    public static func contradictions(_ state: State, known: Context) -> [String] { [] }
    /// Whoever may write.
    public static var audience: Audience { .members }
    /// What a history amounts to.
    public static func state(after events: some Sequence<Event>) -> State {
        events.reduce(into: initial) { evolve(&$0, $1) }
    }
}

/// Who may ask for an act.
public enum Audience: Sendable {
    /// Owners and members.
    case members
    /// Owners: what shapes the organization itself.
    case owners
}

/// An event: an enum whose `CodingKeys` are its stored names, `entity.past_tense@schema`, spelled in one visible place.
///
/// Swift's own coding of an enum with labelled payloads is one key with one object: `{"deal.moved@1": {"from": …}}`.
/// The log keeps the key as type and schema and the object as data. An unlabelled payload is the data itself.
public protocol Message: Codable, Sendable, Equatable {
    associatedtype CodingKeys: CodingKey & CaseIterable
}

/// A stream that a decision reads.
public struct Reference: Sendable, Hashable {
    /// The entity's name.
    public let entity: String
    /// The stream.
    public let id: UUID

    /// A stream of an entity.
    public init(_ entity: any Entity.Type, _ id: UUID) { (self.entity, self.id) = (entity.name, id) }
}

/// What an act over several records asks of one of the others.
public struct Step: Sendable, Equatable {
    /// The entity's name.
    public let entity: String
    /// Which record. Where the act makes one, its id is fresh: nothing has it yet.
    public let id: UUID
    /// The act.
    public let act: String
    /// The act's body.
    public let body: [String: JSON]
    /// The member of the asking act's own body from which that one comes: flaws in it are told to be there.
    public let member: String

    /// One of an act's steps.
    public init(
        _ entity: any Entity.Type, _ id: UUID, _ act: String, _ body: [String: JSON], from member: String
    ) {
        (self.entity, self.id, self.act, self.body, self.member) = (entity.name, id, act, body, member)
    }
}

/// A value that one record of an organization may hold: an e-mail address, a slug.
public struct Claim: Sendable, Hashable {
    /// Among what it is unique: "contact.email".
    public let scope: String
    /// In its normal form.
    public let value: String

    /// A value in a scope.
    public init(_ scope: String, _ value: String) { (self.scope, self.value) = (scope, value) }
}

/// What a decision is told besides its own stream.
public struct Context: Sendable {
    /// When it occurs.
    public let now: Instant
    /// That moment's day where the organization is.
    public let today: Day
    /// Whose log it is; also the stream of the organization's own record.
    public let organization: UUID
    /// The record decided on.
    public let id: UUID
    /// Who asks.
    public let actor: UUID
    private let states: [Reference: any Sendable]
    private let fresh: @Sendable () -> UUID

    /// - Parameters:
    ///   - states: what the referenced streams amount to.
    ///   - fresh: a new id at each call.
    public init(
        now: Instant, today: Day, organization: UUID, id: UUID, actor: UUID, states: [Reference: any Sendable] = [:],
        fresh: @escaping @Sendable () -> UUID
    ) {
        (self.now, self.today, self.organization, self.id) = (now, today, organization, id)
        (self.actor, self.states, self.fresh) = (actor, states, fresh)
    }

    /// Whether a stream was read.
    public func knows(_ reference: Reference) -> Bool { states[reference] != nil }
    /// What a referenced stream amounts to.
    public func state<E: Entity>(_: E.Type, _ id: UUID) -> E.State {
        states[Reference(E.self, id)] as? E.State ?? E.initial
    }
    /// An id that nothing has yet.
    public func newID() -> UUID { fresh() }
}

/// Why a decision refuses: a stable code ("deal.not_open"), and what the person can do.
public protocol Refusal: Error, Sendable, Hashable, CaseIterable, RawRepresentable<String> {
    /// A sentence that says what to do.
    var detail: String { get }
    /// What kind of refusal it is; it settles the HTTP status.
    var reason: RefusalReason { get }
}

/// Kinds of refusal.
public enum RefusalReason: Sendable {
    /// The record is not in a state for this (409).
    case conflict
    /// The request names something that is not there or does not fit (422).
    case invalid
    /// The record itself is not there (404).
    case absent
}
