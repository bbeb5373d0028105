import Yams

/// Which versions of its rows a projection keeps, in the table `NAME_history`.
public enum History: Sendable, Equatable {
    /// One for each event: whole rows, as they were at any moment.
    case all
    /// Of these columns (by number) only: a version ends when one of them changes.
    case columns([Int])

    /// What a row itself has to say of the version that it is at: columns that the fold fills, behind the file's own.
    var marks: [Column] {
        switch self {
        // When it occurred and at which position is said by updated_at and position.
        case .all: [Column(name: "recorded_at", type: .timestamptz)]
        case .columns:
            [
                Column(name: "since_at", type: .timestamptz), Column(name: "since_recorded_at", type: .timestamptz),
                Column(name: "since_position", type: .bigint),
            ]
        }
    }

    var canonical: String {
        switch self {
        case .all: "history all"
        case .columns(let columns): "history \(columns)"
        }
    }
}

extension Definition {
    /// Where the marks of its history begin among the columns.
    var marks: Int { columns.count - (history?.marks.count ?? 0) }
}

// MARK: - What does a file say of its history?

extension DefinitionReader {
    /// `history: all`, or a list of columns. Needs the columns, and rows that one stream feeds: only there are the
    /// events up to a moment the first ones.
    mutating func readHistory(_ node: Node, _ key: Node?) -> History? {
        if key?.string != "stream" {
            report(node, "history needs `key: stream`: a row that several streams feed has no versions in order")
        }
        let history: History
        if node.string == "all" {
            history = .all
        } else if let list = node.sequence, !list.isEmpty {
            let numbers = list.compactMap { column($0) }
            if Set(numbers).count < numbers.count { report(node, "history names a column twice") }
            for (i, node) in zip(numbers, list) where numbers.count == list.count && columns[i].type == .json {
                report(node, "\(columns[i].name) is json, whose text may change where its meaning does not")
            }
            history = .columns(numbers)
        } else {
            report(node, "history is `all`, or a list of columns whose changes are kept: [stage, amount]")
            return nil
        }
        for mark in history.marks where columns.contains(where: { $0.name == mark.name }) {
            report(node, "a table with this history has the column \(mark.name) already")
        }
        if columns.count + history.marks.count > Row.mostColumns {
            report(node, "more than \(Row.mostColumns) columns, those of the history included")
        }
        return history
    }
}
