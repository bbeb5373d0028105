import CRM
import FoundationEssentials
public import Kernel

/// What happened and what follows from it, in one breath: an interaction and, where it is wanted, a task about the same
/// record that refers to it. Both are logged, or neither.
public enum QuickLog {
    /// The members of its body: those of an interaction that is logged, and the task that follows.
    public static let takes = logged + [Field(followUp, .object(task))]

    private static let followUp = "follow_up"
    private static let logged = Interaction.acts.first { $0.name == "log" }?.takes ?? []
    /// What the interaction does not say already. A task needs no title here: it is a follow-up.
    private static let task = WorkTask.fields.filter {
        !["subject", "interaction_id", "status", "outcome"].contains($0.name)
    }.map { $0.name == "title" ? $0.optional() : $0 }

    /// The commands of a body in normal form. Pure.
    /// - Parameter interaction: the id that the interaction gets.
    static func asks(_ body: Body, interaction: UUID) -> [Ask] {
        let log = Ask(
            Interaction.name, .id(interaction), "log", .object(body.values.filter { $0.key != followUp }))
        guard let follows = body.values[followUp]?.object else { return [log] }
        var members: [String: JSON] = ["title": "Follow up", "type": "follow_up"]
        members["subject"] = body.values["subject"]
        members["interaction_id"] = .string(interaction.text)
        return [log, Ask(WorkTask.name, .new, "create", .object(members.merging(follows) { $1 }))]
    }
}

extension Commands {
    /// Logs what happened and, where `follow_up` says so, enters the task that follows, as one unit.
    /// - Parameter body: in the normal form of `QuickLog.takes`.
    /// - Returns: the interaction's result and, if there is one, the task's.
    public func quickLog(_ body: Body, by caller: Caller, key: String? = nil) async throws(Problem) -> Answer {
        // The same request again brings another fresh id: it is the body that makes it the same.
        let request = [Ask(Interaction.name, .new, "quick_log", .object(body.values))]
        return try await execute(
            QuickLog.asks(body, interaction: fresh()), by: caller, key: key, comparing: request)
    }
}
