import ArgumentParser
import Foundation
import Kernel

/// What a run has shown.
struct Report {
    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    /// What each case gave in each pass.
    var passes: [[Case.Key: Sample]] = []

    // MARK: - What came out?

    /// The cases in the order in which the first pass would have run them, with medians over the passes.
    private var cases: [(key: Case.Key, sample: Sample)] {
        let keys = Set(passes.flatMap(\.keys)).sorted {
            ($0.name, $0.organizations, $0.writers) < ($1.name, $1.organizations, $1.writers)
        }
        return keys.map { key in
            let samples = passes.compactMap { $0[key] }
            var middle = Sample(
                perSecond: median(samples.map(\.perSecond)), p50: median(samples.map(\.p50)),
                p99: median(samples.map(\.p99)))
            for name in Set(samples.flatMap(\.notes.keys)) {
                middle.notes[name] = median(samples.compactMap { $0.notes[name] })
            }
            return (key, middle)
        }
    }

    /// The goals that this run can tell of, with the ratio of each pass, in order of size.
    private var goals: [(goal: Goal, ratios: [Double])] {
        Goal.all.compactMap { goal in
            let ratios = passes.compactMap(goal.ratio).sorted()
            return ratios.isEmpty ? nil : (goal, ratios)
        }
    }

    // MARK: - How is it written?

    func write(_ format: Format) {
        if format == .json { return print(json.text) }
        print(row("case", "writers", "logs", "a second", "p50 ms", "p99 ms"))
        print(cases.map(line).joined(separator: "\n"))
        if goals.isEmpty { return }
        print("", row("goal", "reached", "goal", "lowest", "highest", ""), separator: "\n")
        print(goals.map(line).joined(separator: "\n"))
    }

    private func row(_ first: String, _ rest: String...) -> String {
        rest.reduce(first.padding(toLength: 48, withPad: " ", startingAt: 0)) { line, cell in
            line + String(repeating: " ", count: max(1, 11 - cell.count)) + cell
        }
    }
    private func line(_ key: Case.Key, _ sample: Sample) -> String {
        let notes = sample.notes.sorted { $0.key < $1.key }.map { "  \($0.key) \(short($0.value))" }.joined()
        return row(
            key.name, "\(key.writers)", "\(key.organizations)", "\(Int(sample.perSecond.rounded()))",
            String(format: "%.2f", sample.p50), String(format: "%.2f", sample.p99)) + notes
    }
    private func line(_ goal: Goal, _ ratios: [Double]) -> String {
        let reached = median(ratios)
        let sign = goal.isCeiling ? "<=" : ">="
        return row(
            "\(goal.row) \(goal.what)", short(reached), "\(sign) \(goal.goal)", short(ratios.first ?? 0),
            short(ratios.last ?? 0), goal.holds(reached) ? "holds" : "does not")
    }
    private func short(_ value: Double) -> String { String(format: "%.2f", value) }

    /// The shape that other programs rely on.
    private var json: JSON {
        var rows: [String: JSON] = [:]
        for (goal, ratios) in goals {
            let reached = median(ratios)
            rows[goal.row] = [
                "reached": .number(rounded(reached)), "goal": .number(goal.goal), "holds": .bool(goal.holds(reached)),
            ]
        }
        let cases = cases.map { key, sample -> JSON in
            var members: [String: JSON] = [
                "name": .string(key.name), "writers": .integer(Int64(key.writers)),
                "organizations": .integer(Int64(key.organizations)), "per_second": .number(rounded(sample.perSecond)),
                "p50_ms": .number(rounded(sample.p50)), "p99_ms": .number(rounded(sample.p99)),
            ]
            members["p95_ms"] = sample.notes["p95 ms"].map { .number(rounded($0)) }
            members["peak_mb"] = sample.notes["peak MB"].map { .number(rounded($0)) }
            return .object(members)
        }
        return ["rows": .object(rows), "cases": .array(cases)]
    }
    private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}

/// The middle one; of an even number, the lower of the two.
func median(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.sorted()[(values.count - 1) / 2]
}
