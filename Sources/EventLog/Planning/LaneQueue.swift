import DequeModule
import FoundationEssentials
import Kernel

/// The units of one lane that wait. Organizations take turns, so that a busy one delays nobody else.
struct LaneQueue {
    private var waiting: [UUID: Deque<Pending>] = [:]
    private var turns = Deque<UUID>()
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ pending: Pending) {
        let organization = pending.unit.organization
        if waiting[organization, default: []].isEmpty { turns.append(organization) }
        waiting[organization, default: []].append(pending)
        count += 1
    }

    /// Puts a unit back before all others.
    mutating func prepend(_ pending: Pending) {
        let organization = pending.unit.organization
        if waiting[organization, default: []].isEmpty { turns.prepend(organization) }
        waiting[organization, default: []].prepend(pending)
        count += 1
    }

    /// The unit whose turn it is, if it `fits`; organizations that `skip` says are passed over.
    mutating func pop(skipping skip: (UUID) -> Bool, where fits: (Pending) -> Bool) -> Pending? {
        for _ in 0..<turns.count {
            guard let organization = turns.first else { return nil }
            if skip(organization) {
                turns.append(turns.removeFirst())
                continue
            }
            guard let next = waiting[organization]?.first, fits(next) else { return nil }
            turns.removeFirst()
            waiting[organization]?.removeFirst()
            count -= 1
            if waiting[organization]?.isEmpty == true {
                waiting[organization] = nil
            } else {
                turns.append(organization)
            }
            return next
        }
        return nil
    }

    /// An organization's next unit, if it `fits`.
    mutating func pop(of organization: UUID, where fits: (Pending) -> Bool) -> Pending? {
        guard let next = waiting[organization]?.first, fits(next) else { return nil }
        return remove(next.ticket, of: organization)
    }

    /// Takes out one unit, wherever it waits.
    mutating func remove(_ ticket: Ticket, of organization: UUID) -> Pending? {
        guard let index = waiting[organization]?.firstIndex(where: { $0.ticket == ticket }) else { return nil }
        count -= 1
        let removed = waiting[organization]?.remove(at: index)
        if waiting[organization]?.isEmpty == true {
            waiting[organization] = nil
            turns.removeAll { $0 == organization }
        }
        return removed
    }

    /// Takes out all, in no order.
    mutating func removeAll() -> [Pending] {
        defer { self = LaneQueue() }
        return waiting.values.flatMap { $0 }
    }
}
