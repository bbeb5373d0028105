extension Goal {
    /// What reading, rebuilding and following must reach.
    static let reading = [
        rate("P5", "events as values / binary COPY", 0.6, .streamed, .copied(columns: 15)),
        rate("P6", "one table / binary COPY", 0.6, .rebuilt(.alone), .copied(columns: 12)),
        rate("P6 three tables", "three tables / binary COPY", 0.4, .rebuilt(.three), .copied(columns: 12)),
        rate("P7", "one table / row by row", 3.5, .followed(.alone), .rowByRow),
        rate("P7 three tables", "three tables / row by row", 2.3, .followed(.three), .rowByRow),
        Goal(row: "P11", what: "ms from acknowledged to visible, p99", goal: 50, isCeiling: true) { pass in
            pass[.visible]?.p99
        },
        rate("P16", "one table, a third sealed / binary COPY", 0.35, .rebuilt(.sealed), .copied(columns: 12)),
    ]
}

extension Case.Key {
    static func copied(columns: Int) -> Case.Key { Case.Key("binary COPY of \(columns) columns, counted", writers: 1) }
    static let pages = Case.Key("events in pages of 10,000", writers: 1)
    static let smallPages = Case.Key("events in pages of 1,000", writers: 1)
    static let streamed = Case.Key("events by COPY", writers: 1)
    static func rebuilt(_ table: DealTables) -> Case.Key { Case.Key("rebuild, \(table.what)", writers: 1) }
    static func followed(_ table: DealTables) -> Case.Key { Case.Key("tail, \(table.what)", writers: 1) }
    static let grouped = Case.Key("INSERT … SELECT … GROUP BY", writers: 1)
    static let rowByRow = Case.Key("row by row", writers: 1)
    static let visible = Case.Key("visible at 500 a second", writers: 1)
}

extension DealTables {
    fileprivate var what: String {
        switch self {
        case .alone: "one table"
        case .three: "three tables"
        case .sealed: "one table, a third sealed"
        }
    }
}
