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
            if projection.hasStreamRows {
                refoldRow(of: stream, events, in: i)
            } else if projection.definition.rowsAreOfOneStream {
                refoldRows(of: stream, events, in: i)
            }
        }
    }

    private func refoldRow(of stream: Cell, _ events: [Event], in i: Int) {
        let projection = projections[i]
        guard let row = projection.rows.table.find(stream) else { return }
        // Of a row that is gone there may be versions; where events of it wait, healing makes them.
        let isPast = projection.definition.history != nil && !projection.held.contains(stream)
        if row.position == 0, !isPast { return }
        let last = row.position == 0 ? Int32.max : row.version
        projection.rows.forget(row)
        applyAgain(events.filter { $0.version <= last }, in: i)
    }

    /// The rows that the stream's events may change; they were asked for (`touch`) and read.
    private func refoldRows(of stream: Cell, _ events: [Event], in i: Int) {
        let projection = projections[i]
        let mine = rows(touchedBy: events, in: i)
        let there = mine.filter { projection.rows.table[$0].position != 0 }
        guard let last = there.map({ projection.rows.table[$0].position }).max() else { return }
        for n in mine { projection.rows.forget(row: n) }
        applyAgain(events.filter { $0.position <= last }, in: i)
        // What was gone was taken away by an event behind the last that changed what is there.
        for n in mine where !there.contains(n) { projection.rows.forget(row: n) }
    }

    private func applyAgain(_ events: [Event], in i: Int) {
        var isHeld = false
        for event in events {
            if isHeld {
                projections[i].waiting.add(leaf: event.leaf)
            } else if let error = applyAgain(event, i) {
                isHeld = true
                hold(event, in: projections[i], error)
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
        let isErasure = Erasure.matches(event.type)
        if isErasure, projection.hasStreamRows, projection.rows.table.find(event.stream)?.position == 0 { return nil }
        do throws(Malformed) { try scan(event, type) } catch { return .malformed }
        do throws(FoldError) {
            try projection.rows.apply(event, program, values, makingNone: isErasure)
        } catch { return error }
        return nil
    }
}

// MARK: - Which rows may an event change?

extension Engine {
    /// Whether any active projection has rows with keys of values: what these are is known once the events are open.
    var hasKeyedRows: Bool { projections.contains { $0.active && !$0.hasStreamRows } }

    /// Asks for the rows that an event may change in one projection.
    func touch(_ event: Event, in i: Int) {
        if projections[i].hasStreamRows {
            _ = projections[i].rows.table.row(event.stream)
            return
        }
        withNewest(event) { event in
            let number = type(event.type)
            guard number >= 0 else { return }
            let type = plan.types[number]
            guard let program = type.programs.first(where: { $0.projection == i })?.program else { return }
            do throws(Malformed) { try scan(event, type) } catch { return }
            projections[i].rows.touch(event, program, values)
        }
    }

    /// The numbers of the rows that these events may change.
    private func rows(touchedBy events: [Event], in i: Int) -> [Int] {
        let table = Engine(plan, book)
        table.organization = organization
        for event in events { table.touch(event, in: i) }
        var numbers: [Int] = []
        for n in 0..<table.projections[i].rows.table.count {
            if let found = projections[i].rows.table.number(table.projections[i].rows.table[n].key) {
                numbers.append(found)
            }
        }
        return numbers
    }
}
