import Application
import CRM
import FoundationEssentials
import HTTPTypes
import Kernel

/// One request on its way from a source's words to ours.
struct Translation {
    let dialect: Dialect
    private let bound: Dialect.Bound
    let services: Services
    let exchange: Exchange
    let caller: Caller
    /// The record that the path names and its version, as soon as it has been looked at.
    private var known: (record: Record, version: Int32)?
    private var ownCurrency: Currency?

    init(
        _ dialect: Dialect, _ bound: Dialect.Bound, _ services: Services, _ exchange: Exchange, _ caller: Caller
    ) {
        (self.dialect, self.bound) = (dialect, bound)
        (self.services, self.exchange, self.caller) = (services, exchange, caller)
    }

    var target: Dialect.Target { bound.target }
    /// The canonical route.
    var route: Route { bound.route }
    var vocabulary: Vocabulary { dialect.vocabulary(target.vocabulary) }
    /// The entity of the canonical route.
    var entity: (any Entity.Type)? {
        let plural = target.path.split(separator: "/").first.map(String.init)
        return services.entities.first { $0.plural == plural }
    }
    /// Whether the body has to be said in our words: where the source's are ours it stays as it came.
    var takesBody: Bool { route.hasBody && (target.vocabulary != nil || !target.told.isEmpty) }
    /// Whether what it asks for follows from how the record is: then the same request can stand for other commands.
    var isSettledByRecord: Bool { known != nil && isEdit }
    /// Whether it changes a record or replaces it.
    var isEdit: Bool { target.method == .patch || target.method == .put }
    /// That of the record, where it has been looked at.
    var version: Int32? { known?.version }
    private var isOfRecord: Bool { target.path.contains("{id}") }

    // MARK: What is asked besides the words?

    /// The record as it is; empty for one that is to be made.
    mutating func present() async throws(Problem) -> Record {
        guard isOfRecord, let entity else { return Record() }
        if let known { return known.record }
        let present = try await services.commands.present(entity, try exchange.id(of: entity.name), by: caller)
        known = present
        return present.record
    }

    /// In which an amount is whose currency nobody says: the one that it has, else the organization's.
    mutating func currency(of member: String) async throws(Problem) -> Currency? {
        if let own = Money(try await present()[member])?.currency { return own }
        if let ownCurrency { return ownCurrency }
        let organization = try await services.commands.present(Organization.self, caller.organization, by: caller)
        ownCurrency = organization.record["currency"]?.string.flatMap { Currency($0) }
        return ownCurrency
    }

    /// The stages among which a deal's is: those of its pipeline.
    mutating func stages(in pipeline: JSON?) async throws(Problem) -> Stages {
        let named = try await present()["pipeline_id"] ?? pipeline
        return try await services.commands.stages(
            of: named?.string.flatMap(UUID.init(text:)), by: caller)
    }

    // MARK: What is the request in our words?

    /// What a body asks for.
    struct Asked {
        /// The canonical route's body.
        var body: [String: JSON] = [:]
        /// Acts that follow, in the same unit.
        var then: [(act: String, body: [String: JSON])] = []
    }

    /// The body in our words.
    /// - Throws: `body.invalid` with the places of what is no name, or no value, in the source's words.
    mutating func asked() async throws(Problem) -> Asked {
        guard case .object(var object) = exchange.body else {
            throw .invalid([Flaw("", "wrong_type", "an object is expected, not \(exchange.body.kind)")])
        }
        let members = bound.members
        // Which target is meant was all that it said.
        if let condition = target.condition { object[condition.member] = nil }
        let unknown = object.keys.filter { !members.names.contains($0) }.map { name in
            Flaw(
                "/\(Pointer.escape(name))", "unknown_member",
                members.names.isEmpty
                    ? "nothing can be given here"
                    : "there is no such member; known are \(members.names.sorted().joined(separator: ", "))")
        }
        guard unknown.isEmpty else { throw .invalid(unknown) }
        var asked = Asked()
        for (name, captured) in target.told { asked.body[name] = exchange.captured[captured].map { .string($0) } }
        for field in members.plain { asked.body[field.name] = object[field.name] }
        var flaws: [Flaw] = []
        for term in members.terms {
            let beside = term.companion.flatMap { object[$0] }
            guard object[term.theirs] != nil || beside != nil else { continue }
            try await take(term, object[term.theirs], beside, of: object, into: &asked, &flaws)
        }
        guard flaws.isEmpty else { throw .invalid(flaws) }
        // What goes with an act is no edit.
        for name in asked.then.flatMap(\.body.keys) { asked.body[name] = nil }
        return asked
    }
}
