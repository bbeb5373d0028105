import Kernel

// MARK: - What does a row say once a key is gone?

extension Engine {
    /// Makes the rows of a stream anew, each up to the event that it is at: what was opened under a key that is gone by
    /// now is in them no more. The rows are in the tables; `events` are all of the stream that are applied, in order,
    /// with the keys that are left in the book. Versions are made anew as well, also where the row is gone by now.
    ///
    /// Nothing is counted: these events are applied already. One that cannot be applied without what was sealed is
    /// held, as a rebuild would hold it.
    func refold(_ stream: Cell, _ events: [Event]) {
        for (i, projection) in projections.enumerated() where projection.active {
            guard let row = projection.rows.table.find(stream) else { continue }
            // Of a row that is gone there may be versions; where events of it wait, healing makes them.
            let isPast = projection.definition.history != nil && !projection.held.contains(stream)
            if row.position == 0, !isPast { continue }
            let last = row.position == 0 ? Int32.max : row.version
            projection.rows.forget(row)
            var isHeld = false
            for event in events where event.version <= last {
                if isHeld {
                    projection.waiting.add(leaf: event.leaf)
                } else if let error = applyAgain(event, i) {
                    isHeld = true
                    hold(event, in: projection, error)
                }
            }
        }
    }

    /// Why it could not be applied.
    private func applyAgain(_ event: Event, _ i: Int) -> FoldError? {
        withNewest(event) { applyNewestAgain($0, i) }
    }

    private func applyNewestAgain(_ event: Event, _ i: Int) -> FoldError? {
        let projection = projections[i]
        let number = type(event.type)
        guard number >= 0 else { return nil }
        let type = plan.types[number]
        guard let program = type.programs.first(where: { $0.projection == i })?.program else { return nil }
        if Erasure.matches(event.type), projection.rows.table.find(event.stream)?.position == 0 { return nil }
        do throws(Malformed) { try scan(event, type) } catch { return .malformed }
        do throws(FoldError) { try projection.rows.apply(event, program, values) } catch { return error }
        return nil
    }
}
