import ArgumentParser
import Foundation
import Kernel

/// What one run has shown.
struct Told: Sendable {
    let scenario: Scenario
    let outcome: Run.Outcome
    let took: Duration

    var seconds: Double {
        let (seconds, attoseconds) = took.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    /// For people.
    var line: String {
        let head = "seed \(scenario.seed)  \(scenario.kind.rawValue)"
        if let omitted = outcome.omitted { return "\(head): left out: \(omitted)" }
        let counts =
            "\(outcome.events) events, \(outcome.acknowledged) acknowledged, \(outcome.refused) refused, "
            + "\(outcome.repeated) repeated at the end, \(String(format: "%.1f", seconds)) s"
        guard !outcome.findings.isEmpty else { return "\(head): holds: \(counts)" }
        let findings = outcome.findings.map { "\($0.kind.rawValue): \($0.detail)" }.joined(separator: "; ")
        return "\(head): BROKEN: \(findings) (\(counts))"
    }
}

/// What all of them have.
struct Summary: Sendable {
    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    let seed: UInt64
    private(set) var runs: [Told] = []
    var faults: [(name: String, times: Int)] = []

    init(seed: UInt64) { self.seed = seed }

    mutating func take(_ told: Told) { runs.append(told) }

    var broken: [Told] { runs.filter { !$0.outcome.findings.isEmpty } }

    private func sum(_ of: KeyPath<Run.Outcome, Int>) -> Int { runs.reduce(0) { $0 + $1.outcome[keyPath: of] } }
    private var kinds: [(name: String, runs: Int)] {
        Scenario.Kind.allCases.map { kind in
            (kind.rawValue, runs.count { $0.scenario.kind == kind && $0.outcome.omitted == nil })
        }
    }
    private var omitted: Int { runs.count { $0.outcome.omitted != nil } }

    func write(_ format: Format) {
        if format == .json { return print(json.text) }
        print("")
        print("\(runs.count) runs from seed \(seed): \(broken.count) broken, \(omitted) left out")
        for kind in kinds where kind.runs > 0 { print("  \(kind.name): \(kind.runs)") }
        print("faults")
        for fault in faults { print("  \(fault.name): \(fault.times)") }
        print(
            "\(sum(\.events)) events, \(sum(\.acknowledged)) units acknowledged, \(sum(\.refused)) refused, "
                + "\(sum(\.repeated)) repeated at the end")
        for told in broken { print(told.line) }
    }

    private var json: JSON {
        func counted(_ list: [(String, Int)]) -> JSON {
            .object(Dictionary(list.map { ($0.0, .integer(Int64($0.1))) }) { $1 })
        }
        return [
            "runs": .integer(Int64(runs.count)), "seed": .integer(Int64(clamping: seed)),
            "left_out": .integer(Int64(omitted)), "kinds": counted(kinds.map { ($0.name, $0.runs) }),
            "faults": counted(faults.map { ($0.name, $0.times) }), "events": .integer(Int64(sum(\.events))),
            "acknowledged": .integer(Int64(sum(\.acknowledged))), "refused": .integer(Int64(sum(\.refused))),
            "repeated": .integer(Int64(sum(\.repeated))),
            "broken": .array(
                broken.map { told in
                    [
                        "seed": .integer(Int64(clamping: told.scenario.seed)),
                        "scenario": .string(told.scenario.kind.rawValue),
                        "findings": .array(
                            told.outcome.findings.map {
                                ["kind": .string($0.kind.rawValue), "detail": .string($0.detail)]
                            }),
                    ]
                }),
        ]
    }
}
