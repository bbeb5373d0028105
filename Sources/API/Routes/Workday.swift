import Application
import CRM
import HTTPTypes
import Kernel

// MARK: What is there to do today, and what has just been done?

extension Routes {
    /// `/today`, `/tasks/my-tasks`, and logging in one call.
    var workday: [Route] { [today, myTasks, quickLog, happenings] }

    private var happenings: Route {
        Self.question(
            "/timeline", "What happened with all records, newest first.", .only(Describing.paging),
            services.queries.happenings)
    }

    private var today: Route {
        Self.question(
            "/today", "The caller's day: tasks, reminders, interactions, and what might be done next.", .only([]),
            services.queries.today)
    }

    private var myTasks: Route {
        Self.question(
            "/tasks/my-tasks", "The caller's own open tasks, the next due first.", .grammar(Describing.listing),
            answer: Schema.page(of: WorkTask.self), services.queries.myTasks)
    }

    private var quickLog: Route {
        let path = "\(Self.base)/interactions"
        return Route(
            .post, "\(path)/quick_log", "Log what happened and, in the same call, enter the task that follows from it.",
            body: .members(QuickLog.takes, optional: false), answer: .command(201),
            handler: .known { [commands = services.commands] exchange, caller throws(Problem) in
                let body = try Self.read(exchange.body, QuickLog.takes)
                let answer = try await commands.quickLog(body, by: caller, key: exchange.conditions.key)
                guard let logged = answer.results.first else { throw .fault }
                var members = Self.body(of: logged, answer.position).object ?? [:]
                if let task = answer.results.dropFirst().first {
                    members["follow_up"] = Self.body(of: task, answer.position)
                }
                var outcome = Outcome(status: 201, .object(members), position: answer.position)
                outcome.version = logged.version
                outcome.location = "\(path)/\(logged.id.text)"
                return outcome
            })
    }
}
