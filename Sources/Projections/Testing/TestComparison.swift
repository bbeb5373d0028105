import FoundationEssentials
import Kernel

/// What a table holds, beside what a test expects.
struct TestComparison {
    /// The types of columns, by name; those that every table has are told by their names.
    let types: [String: ColumnType]

    init(_ definition: Definition) {
        types = Dictionary(definition.columns.map { ($0.name, $0.type) }) { $1 }
            .merging(["created_at": .timestamptz, "updated_at": .timestamptz]) { $1 }
    }

    /// What is otherwise: messages with their places.
    func differences(
        _ expected: TestFile.Expectation, _ actual: [JSON]
    ) -> [(place: TestFile.Place, message: String)] {
        var left = actual
        var unmatched: [TestFile.Row] = []
        for row in expected.rows {
            if let i = left.firstIndex(where: { wrong(row, $0).isEmpty }) {
                left.remove(at: i)
            } else {
                unmatched.append(row)
            }
        }
        var found: [(place: TestFile.Place, message: String)] = []
        // Each of the others is compared with the row that is nearest to it.
        for row in unmatched {
            let nearest = left.indices.min { wrong(row, left[$0]).count < wrong(row, left[$1]).count }
            guard let nearest, row.columns.isEmpty || wrong(row, left[nearest]).count < row.columns.count else {
                found.append((row.place, "there is no such row" + (left.isEmpty ? "" : ": \(said(left))")))
                continue
            }
            for column in wrong(row, left[nearest]) {
                let there = left[nearest][column.name] ?? .null
                found.append(
                    (column.place, "\(column.name) is \(there.text), and \(column.value.text) is expected"))
            }
            left.remove(at: nearest)
        }
        for row in left { found.append((expected.place, "a row that nobody expects: \(row.text)")) }
        return found
    }

    private func said(_ rows: [JSON]) -> String { rows.prefix(3).map(\.text).joined(separator: " ") }

    private func wrong(_ row: TestFile.Row, _ actual: JSON) -> [(name: String, value: JSON, place: TestFile.Place)] {
        row.columns.filter { !isSame($0.value, actual[$0.name] ?? .null, types[$0.name]) }
    }

    private func isSame(_ expected: JSON, _ actual: JSON, _ type: ColumnType?) -> Bool {
        if let at = expected.string, let found = actual.string, type == .timestamptz {
            // Postgres writes its moments with +00:00.
            return Instant(at) == Instant(found.replacing("+00:00", with: "Z")) && Instant(at) != nil
        }
        if type == .numeric, let number = number(expected), let found = self.number(actual) { return number == found }
        return isSame(expected, actual)
    }
    private func isSame(_ a: JSON, _ b: JSON) -> Bool {
        switch (a, b) {
        case (.array(let a), .array(let b)): a.count == b.count && zip(a, b).allSatisfy { isSame($0, $1) }
        case (.object(let a), .object(let b)):
            a.keys == b.keys && a.allSatisfy { isSame($0.value, b[$0.key] ?? .null) }
        case (.integer, .number), (.number, .integer): number(a) == number(b)
        case _: a == b
        }
    }
    private func number(_ json: JSON) -> Double? {
        switch json {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .string(let text): Double(text)
        case .null, .bool, .array, .object: nil
        }
    }
}
