import FoundationEssentials
import Kernel

extension Planner {
    // MARK: - Who is taken?

    /// Takes the next units from the queues. A failed batch's units share one only as narrowly as they may.
    mutating func choose(at now: ContinuousClock.Instant) {
        for (organization, until) in parked where until <= now { parked[organization] = nil }
        let isQuiet = lastInteractive.map { now - $0 > limits.quiet } ?? true
        var bag = Bag(events: limits.events, bytes: limits.bytes, parked: Set(parked.keys))
        bag.fill(from: &interactive)
        if bag.units.isEmpty, isQuiet { (bag.events, bag.bytes) = (limits.importEvents, limits.importBytes) }
        bag.fill(from: &imports)
        chosen = bag.sorted
        isImpatient = chosen.first.map { $0.isolation != .none } ?? false
    }

    /// Takes along who queued for the locked logs while they were waited for, as long as nothing has to be read for it:
    /// the next turn is far, and nobody else can write before this one ends.
    mutating func fillUp() {
        let logs = mayFill
        mayFill = []
        guard !isImpatient else { return }
        var bag = Bag(events: limits.events, bytes: limits.bytes)
        for pending in chosen { bag.put(pending) }
        for organization in logs {
            let book = book(of: organization)
            guard let head = book.head else { continue }
            func isJudged(_ pending: Pending) -> Bool {
                !pending.isSuspect && pending.unit.readAt <= head.position && book.unknown(of: pending).isEmpty
            }
            bag.fill(from: &interactive, of: organization, where: isJudged)
            bag.fill(from: &imports, of: organization, where: isJudged)
        }
        chosen = bag.sorted
    }

    /// The room of a batch.
    private struct Bag {
        var units: [Pending] = []
        var events: Int
        var bytes: Int
        let parked: Set<UUID>

        init(events: Int, bytes: Int, parked: Set<UUID> = []) {
            self.events = events
            self.bytes = bytes
            self.parked = parked
        }

        /// Sorted, so that two processes want index entries and locks in the same order (FACTS-append §6.3). Stable.
        var sorted: [Pending] {
            units.enumerated().sorted {
                ($0.element.unit.organization, $0.offset) < ($1.element.unit.organization, $1.offset)
            }.map(\.element)
        }

        mutating func fill(from queue: inout LaneQueue) {
            while events > 0, bytes > 0, let next = queue.pop(skipping: isBarred, where: fits) { put(next) }
        }
        mutating func fill(from queue: inout LaneQueue, of organization: UUID, where isWanted: (Pending) -> Bool) {
            while events > 0, bytes > 0, let next = queue.pop(of: organization, where: { fits($0) && isWanted($0) }) {
                put(next)
            }
        }
        mutating func put(_ next: Pending) {
            events -= next.events
            bytes -= next.bytes
            units.append(next)
        }
        private func isBarred(_ organization: UUID) -> Bool {
            if parked.contains(organization) { return true }
            guard let first = units.first, first.isolation != .none else { return false }
            return first.isolation == .unit || first.unit.organization != organization
        }
        /// One that is larger than a batch goes alone.
        private func fits(_ next: Pending) -> Bool {
            guard let first = units.first else { return true }
            return next.isolation == first.isolation && next.events <= events && next.bytes <= bytes
        }
    }
}
