public import FoundationEssentials
public import Kernel

/// One step of a pipeline.
public struct Stage: Sendable, Equatable {
    /// Its id, for ever.
    public let id: UUID
    /// What people call it.
    public var name: String
    /// What being in it means for a deal; it never changes.
    public let kind: Kind
    /// From 1 on, in the order people see.
    public var position: Int64
    /// How likely a deal in it is won, in percent, where the deal says nothing else.
    public var probability: Int64
    /// For how many days a deal may stay in it before it counts as rotting; nil: for ever.
    public var rottingDays: Int64?
    /// What a deal in it is usually worth.
    public var estimatedValue: Money?

    /// What being in a stage means.
    public enum Kind: String, Sendable, CaseIterable { case open, won, lost }

    /// As events tell it, the id apart.
    var json: JSON {
        var members: [String: JSON] = [
            "name": .string(name), "kind": .string(kind.rawValue), "position": .integer(position),
            "probability": .integer(probability),
        ]
        members["rotting_days"] = rottingDays.map(JSON.integer)
        members["estimated_value"] = estimatedValue?.json
        return .object(members)
    }

    /// Takes over what a body says of it. No days of rotting: it never rots; a value of nothing: nobody says any more.
    mutating func take(_ change: Patch) {
        if let name = change.text("name") { self.name = name }
        if let probability = change["probability"]?.integer { self.probability = probability }
        if let days = change["rotting_days"]?.integer { rottingDays = days == 0 ? nil : days }
        if let value = Money(change["estimated_value"]) { estimatedValue = value.minor == 0 ? nil : value }
    }
}

/// The stages of a pipeline in their order, and which may follow which.
public struct Stages: Sendable, Equatable {
    /// In their order.
    public private(set) var all: [Stage]
    private let transitions: [String: JSON]
    /// Where the deals of retired stages went.
    private let retired: [UUID: UUID]

    /// The stages of a pipeline's record.
    public init(_ pipeline: Record) {
        transitions = pipeline["transitions"]?.object ?? [:]
        retired = (pipeline["retired"]?.object ?? [:]).reduce(into: [:]) { retired, pair in
            guard let id = UUID(text: pair.key), let target = pair.value.string.flatMap(UUID.init(text:))
            else { return }
            retired[id] = target
        }
        all = (pipeline["stages"]?.object ?? [:]).compactMap { key, value in
            guard let id = UUID(text: key), let kind = value["kind"]?.string.flatMap(Stage.Kind.init) else {
                return nil
            }
            return Stage(
                id: id, name: value["name"]?.string ?? "", kind: kind, position: value["position"]?.integer ?? 0,
                probability: value["probability"]?.integer ?? 0, rottingDays: value["rotting_days"]?.integer,
                estimatedValue: Money(value["estimated_value"]))
        }
        all.sort { ($0.position, $0.id.text) < ($1.position, $1.id.text) }
    }

    /// The stage of an id.
    public subscript(id: UUID) -> Stage? { all.first { $0.id == id } }
    /// The first of a kind that is in use.
    public func first(_ kind: Stage.Kind) -> Stage? { all.first { $0.kind == kind && !isRetired($0.id) } }
    /// Whether a deal may be moved on; a stage for which nothing is said leads anywhere, and a retired one always to
    /// where its deals went. Deals are won and lost from anywhere: that is what happened to them, not a step of ours.
    public func leads(from: UUID, to: UUID) -> Bool {
        if isRetired(from), to == current(from) { return true }
        return transitions[from.text]?.array.map { $0.contains(.string(to.text)) } ?? true
    }
    /// Whether a stage takes no more deals. It stays known by its name.
    public func isRetired(_ id: UUID) -> Bool { retired[id] != nil }
    /// Where the deals of a stage were sent when it was retired; nil where it is in use.
    public func target(of id: UUID) -> UUID? { retired[id] }
    /// Where the deals of a stage are by now: in itself, or where they were sent, or where those of that one were.
    public func current(_ id: UUID) -> UUID {
        var current = id
        // A target is in use when it is chosen, so that the steps end; history is not trusted with that.
        for _ in retired { current = retired[current] ?? current }
        return current
    }

    // MARK: How do they change?

    /// The same with one more, placed after `after`; else after the last open one, closing ones at the end.
    func adding(_ kind: Stage.Kind, _ facts: Patch, after: UUID?, id: UUID) -> Stages {
        var result = self
        let end = kind == .open ? all.lastIndex { $0.kind == .open } : all.indices.last
        let index = (after.flatMap { id in all.firstIndex { $0.id == id } } ?? end).map { $0 + 1 } ?? 0
        func isStep(_ stage: Stage) -> Bool { stage.kind == .open && !isRetired(stage.id) }
        let (before, behind) = (all[..<index].last(where: isStep), all[index...].first(where: isStep))
        let chance = Stages.chance(kind, between: before?.probability ?? 0, and: behind?.probability ?? 100)
        var stage = Stage(id: id, name: "", kind: kind, position: 0, probability: chance)
        stage.take(facts)
        result.all.insert(stage, at: index)
        return result.numbered()
    }
    /// Where nothing is said: won is certain, lost is not, an open stage lies half-way between its neighbours.
    private static func chance(_ kind: Stage.Kind, between low: Int64, and high: Int64) -> Int64 {
        switch kind {
        case .won: 100
        case .lost: 0
        case .open: (low + high) / 2
        }
    }
    /// The same with something else said of one: its name, its probability, its days of rotting.
    func editing(_ id: UUID, _ change: Patch) -> Stages {
        var result = self
        for index in all.indices where all[index].id == id { result.all[index].take(change) }
        return result
    }
    /// The same in another order; nil where the ids are not exactly those of all stages. Retired ones may be left out;
    /// they then stand behind.
    func ordered(_ ids: [UUID]) -> Stages? {
        let given = Set(ids)
        let left = all.filter { !given.contains($0.id) }
        guard ids.count == given.count, ids.count + left.count == all.count, left.allSatisfy({ isRetired($0.id) })
        else { return nil }
        var result = self
        result.all = ids.compactMap { self[$0] } + left
        return result.numbered()
    }
    private func numbered() -> Stages {
        var result = self
        for index in result.all.indices { result.all[index].position = Int64(index) + 1 }
        return result
    }
    /// Whole stages that are new or differ, as a patch of the map by id.
    func change(from old: Stages) -> Patch {
        Patch(Dictionary(all.filter { old[$0.id] != $0 }.map { ($0.id.text, $0.json) }) { $1 })
    }
    /// Whether a name is taken by another stage, without regard to case.
    func taken(_ name: String, except id: UUID? = nil) -> Stage? {
        all.first { $0.id != id && Normal.key($0.name) == Normal.key(name) }
    }
}
