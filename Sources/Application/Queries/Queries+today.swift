import Kernel
import Postgres

extension Queries {
    /// The caller's day: `{"day","counts":{"open","overdue","due_today","reminders"},"overdue":[…],"due_today":[…],
    /// "open":[…],"reminders":[…],"interactions":[…],"next_best":[{"rule","record","name","since"}],"position"}`.
    ///
    /// Of each list at most 50, the most pressing first; `open` holds those that are in no other. Days are those of the
    /// organization's zone. What might be done next follows from the rules of `read.next_best`, at most 20 of them.
    public func today(_ parameters: [Parameter] = [], by caller: Caller, min: PositionToken? = nil)
        async throws(Problem) -> Reply
    {
        try ListRequest.refuse(parameters, besides: [])
        return try await answering { catalog throws(Problem) in
            var projections: Set<String> = []
            for name in ["task_documents", "today_interactions", "interaction_documents", "next_best"] {
                projections.formUnion(try relation(name, catalog).projections)
            }
            let statements = [SQL.todayCounts, SQL.todayTasks, SQL.todayInteractions, SQL.todayNextBest].map { sql in
                Statement(sql) {
                    $0.uuid(caller.organization)
                    $0.uuid(caller.actor)
                }
            }
            let question = Question(
                organization: caller.organization, projections: projections.sorted(), min: min, statements: statements)
            let answer = try await ask(question, on: lists)
            return try reading { Reply(body: try Today.document(answer), position: answer.position) }
        }
    }

    /// The caller's own tasks, those that are still to be done, the next due first, unless the parameters say else: a
    /// list like any other.
    public func myTasks(_ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil) async throws(Problem)
        -> Reply
    {
        let names = Set(parameters.map { String($0.name.prefix { $0 != "." }) })
        var own = [Parameter("assignee_id", "me")]
        if names.isDisjoint(with: ["status", "open", "external_id"]) { own.append(Parameter("open", "true")) }
        if !names.contains("sort") { own.append(Parameter("sort", "due_day,due_at")) }
        return try await list("task", own + parameters, by: caller, min: min)
    }
}

private enum Today {
    static func document(_ answer: Findings) throws -> [UInt8] {
        let counts = answer.results[0][0]
        var document = Document()
        document += "{\"day\":\"\(try Day(number: counts.date(4)).text)\",\"counts\":{"
        for (index, name) in ["open", "overdue", "due_today", "reminders"].enumerated() {
            document += "\(index == 0 ? "" : ",")\"\(name)\":\(try counts.bigint(index))"
        }
        document += "}"
        let parts = try Dictionary(grouping: answer.results[1]) { try $0.text(0) }
        for part in ["overdue", "due_today", "open", "reminders"] {
            document += ",\"\(part)\":["
            document.append(parts[part] ?? [], 1)
            document += "]"
        }
        for (name, rows) in zip(["interactions", "next_best"], answer.results[2...]) {
            document += ",\"\(name)\":["
            document.append(rows)
            document += "]"
        }
        document.end(answer)
        return document.bytes
    }
}
