/// The right name that a wrong one was probably meant to be.
enum Nearest {
    /// The name of `names` that takes the fewest single-letter changes; nil where none is near.
    static func to(_ wrong: String, in names: some Sequence<String>) -> String? {
        let allowed = max(2, wrong.count / 3)
        let ranked = names.map { (name: $0, distance: distance(fold(wrong), fold($0))) }
        let best = ranked.min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        return best.flatMap { $0.distance <= allowed ? $0.name : nil }
    }

    /// ` Did you mean …?`, or what there is.
    static func hint(_ wrong: String, in names: some Sequence<String>) -> String {
        if let near = to(wrong, in: names) { return "; did you mean `\(near)`?" }
        let all = names.sorted()
        return all.isEmpty ? "; there is none" : "; there is \(all.prefix(40).joined(separator: ", "))"
    }

    private static func fold(_ name: String) -> [UInt8] { Array(name.lowercased().utf8.filter { $0 != 0x5F }) }

    /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var (before, last) = ([Int](), Array(0...b.count))
        for (row, letter) in a.enumerated() {
            var now = [row + 1] + [Int](repeating: 0, count: b.count)
            for (column, other) in b.enumerated() {
                now[column + 1] = min(last[column + 1] + 1, now[column] + 1, last[column] + (letter == other ? 0 : 1))
                if row > 0, column > 0, letter == b[column - 1], a[row - 1] == other {
                    now[column + 1] = min(now[column + 1], before[column - 1] + 1)
                }
            }
            (before, last) = (last, now)
        }
        return last[b.count]
    }
}
