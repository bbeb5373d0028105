public import FoundationEssentials
import Kernel

/// What a record took over from another, and what it had in the place before.
public struct Merge: Sendable {
    /// What was merged into it.
    public let loser: UUID
    /// Which of the winner's merges it is, counted from 1: those that were taken back leave gaps.
    fileprivate let number: Int64
    /// The cells that it took over, by name.
    let took: [String]
    /// Those that had been merged into the loser.
    let along: [UUID]
    /// What stood in these cells.
    fileprivate(set) var before: [String: JSON]

    fileprivate init(of loser: UUID, _ number: Int64, _ took: Record?, _ along: Record?, before: Cells) {
        (self.loser, self.number, self.took) = (loser, number, (took?.values.keys ?? [:].keys).sorted())
        self.along = (along?.values.keys ?? [:].keys).sorted().compactMap(UUID.init(text:))
        self.before = Dictionary(self.took.compactMap { name in before[name].map { (name, $0) } }) { $1 }
    }
    fileprivate init?(_ loser: UUID, _ json: JSON?) {
        guard let json else { return nil }
        self.loser = loser
        number = json["number"]?.integer ?? 0
        took = (json["took"]?.array ?? []).compactMap(\.string)
        along = (json["along"]?.array ?? []).compactMap { $0.string.flatMap(UUID.init(text:)) }
        before = json["before"]?.object ?? [:]
    }
    fileprivate var json: JSON {
        [
            "number": .integer(number), "took": .array(took.map(JSON.string)),
            "along": .array(along.map { .string($0.text) }), "before": .object(before),
        ]
    }
}

extension Record {
    /// The member in which a record remembers its merges; no event and no answer has it.
    private static let merges = "merges"

    /// The record's own values.
    var withoutMerges: Record {
        let others = [Record.merges, Record.dismissed]
        return others.allSatisfy { self[$0] == nil } ? self : Record(values.filter { !others.contains($0.key) })
    }
    /// What it took over from another; nil where that was not merged into it.
    func merge(of loser: UUID) -> Merge? { Merge(loser, self[Record.merges]?[loser.text]) }
    /// All for which it stands besides itself, in the order of their ids.
    var mergedIDs: [UUID] {
        merges.flatMap { [$0.loser] + $0.along }.sorted { $0.text < $1.text }
    }
    /// Those that came after another, in their order.
    func merges(after merge: Merge) -> [Merge] {
        merges.filter { $0.number > merge.number }.sorted { $0.number < $1.number }
    }
    private var merges: [Merge] {
        (self[Record.merges]?.object ?? [:]).compactMap { id, json in
            UUID(text: id).flatMap { Merge($0, json) }
        }
    }

    mutating func rememberMerge(of loser: UUID, _ took: Record?, _ along: Record?, before: Cells) {
        let number = (merges.map(\.number).max() ?? 0) + 1
        put(Merge(of: loser, number, took, along, before: before))
    }
    /// What was there before it is what was there before the next that took the same over, unless it was changed in
    /// between.
    mutating func forgetMerge(of loser: UUID, kept: Record?) {
        guard let gone = merge(of: loser) else { return }
        let later = merges(after: gone)
        for name in gone.took where kept?[name] == nil {
            guard var heir = later.first(where: { $0.took.contains(name) }).flatMap({ merge(of: $0.loser) }) else {
                continue
            }
            heir.before[name] = gone.before[name]
            put(heir)
        }
        let rest = (self[Record.merges]?.object ?? [:]).filter { $0.key != loser.text }
        set(Record.merges, rest.isEmpty ? nil : .object(rest))
    }
    private mutating func put(_ merge: Merge) {
        var all = self[Record.merges]?.object ?? [:]
        all[merge.loser.text] = merge.json
        set(Record.merges, .object(all))
    }
}
