import FoundationEssentials
import Kernel

// MARK: How is a result told, and how is it kept?

extension BulkItem {
    /// What both say of one that was not refused.
    private var outcome: [String: JSON] {
        var members: [String: JSON] = ["result": .string(word)]
        switch self {
        case .done(let version, let position, let warnings):
            members["version"] = .integer(Int64(version))
            members["position"] = position.map { .integer($0) }
            if !warnings.isEmpty { members["warnings"] = .array(warnings.map(\.json)) }
        case .unchanged(let version): members["version"] = .integer(Int64(version))
        case .refused: break
        }
        return members
    }

    /// As it is told: `{"id","result"}`, and `version`, `position` and `warnings`, or the `problem`.
    func json(of id: UUID, request: String) -> JSON {
        var members = outcome
        members["id"] = .string(id.text)
        if case .refused(let problem) = self { members["problem"] = problem.json(request: request) }
        return .object(members)
    }

    /// As it is kept for a repeat: of a refusal the code, pointers and versions, never what somebody wrote.
    var kept: JSON {
        var members = outcome
        if case .refused(let problem) = self {
            members["status"] = .integer(Int64(problem.status))
            members["code"] = .string(problem.code)
            var more = problem.more
            more["changed"] = changed.isEmpty ? nil : .array(changed.map { .integer(Int64($0)) })
            members["more"] = .object(more)
            members["errors"] = .array(problem.errors.map { [.string($0.pointer), .string($0.code)] })
        }
        return .object(members)
    }

    /// What was kept; of a refusal the general sentence of its code.
    init?(kept: JSON, of entity: String) {
        let version = kept["version"]?.integer.map { Int32($0) }
        switch (kept["result"]?.string, version, kept["status"]?.integer, kept["code"]?.string) {
        case ("done", let version?, _, _):
            let warnings = (kept["warnings"]?.array ?? []).compactMap { Answer.Warning($0) }
            self = .done(version: version, position: kept["position"]?.integer, warnings: warnings)
        case ("unchanged", let version?, _, _): self = .unchanged(version: version)
        case ("refused", _, let status?, let code?):
            let errors = (kept["errors"]?.array ?? []).compactMap { error -> Flaw? in
                guard let pair = error.array?.compactMap(\.string), pair.count == 2 else { return nil }
                return Flaw(pair[0], pair[1], "this was refused when it was first asked")
            }
            let absent = Problem.absent(entity)
            let general = code == absent.code ? absent.detail : Refusals.sentence(of: code)
            self = .refused(
                Problem(
                    code, Int(status), general ?? "This was refused when it was first asked.", errors: errors,
                    more: kept["more"]?.object ?? [:]))
        case (_, _, _, _): return nil
        }
    }

    /// Whether others were faster each time, so that nothing was decided.
    var isOpen: Bool {
        switch self {
        case .done, .unchanged: false
        case .refused(let problem): problem.code == Problem.conflict.code
        }
    }

    /// The versions that others made, where it was refused for them.
    var changed: [Int32] {
        guard case .refused(let problem) = self else { return [] }
        return (problem.more["changed"]?.array ?? []).compactMap { ($0["version"] ?? $0).integer.map { Int32($0) } }
    }
    /// Says what these changes are.
    mutating func tell(changes: JSON) {
        guard case .refused(let problem) = self else { return }
        self = .refused(problem.telling(["changed": changes]))
    }
}
