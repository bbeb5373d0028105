import FoundationEssentials
import Kernel
import Logging
import Postgres

// MARK: How is a question put to the database?

/// What a question reads, for whom, and which state of the log it must show.
struct Question {
    let organization: UUID
    /// The projections whose tables it reads; none where it reads the log itself.
    let projections: [String]
    /// The state it must show at least.
    var min: PositionToken?
    /// A state that must have been in this log's past.
    var past: PositionToken?
    /// As of when; nil: as it is.
    var moment: Moment?
    /// Whether it shows a few records with what belongs to them, each found by an index. How few the past of a table
    /// has of one record, the planner cannot know, and would read whole tables to join them.
    var looksUp = false
    /// Whether one plan serves it whatever its values, since it reads by keys or in an index's order. Other lists are
    /// planned each time, for their values, which costs more than most of them take.
    var hasOnePlan = false
    /// Whether it reads most rows of an organization and in no order: as they lie, then. Where they lie together, as
    /// after an import, the planner takes that for the order of the whole index, and would fetch each row by itself.
    var readsAsItLies = false
    /// At the rates of which day amounts are converted, where that is asked.
    var base: BaseCurrency?
    let statements: [Statement]
}

/// The results of a question's statements, and the state of the log they show.
struct Findings: Sendable {
    let results: [Result]
    let position: PositionToken
    /// Whether events wait to be applied, so that rows may be missing or old although the position is reached.
    var isIncomplete = false
}

extension Queries {
    /// Puts a question; where the answer does not show `min` yet, waits for it and asks again.
    func ask(_ question: Question, on connection: PipelinedConnection) async throws(Problem) -> Findings {
        let deadline = ContinuousClock.now + patience
        while true {
            let answer = try await attempt(question, on: connection)
            guard let min = question.min, answer.position.position < min.position else { return answer }
            try await wait(for: question, until: deadline)
        }
    }

    /// Waits until the projections show the position.
    private func wait(for question: Question, until deadline: ContinuousClock.Instant) async throws(Problem) {
        let check = Question(
            organization: question.organization, projections: question.projections, min: question.min, past: nil,
            statements: [])
        let wanted = question.min?.position ?? 0
        while true {
            let left = deadline - ContinuousClock.now
            guard left > .zero else { throw .notReached(wanted) }
            let wait = surroundings.wait
            // The sleep is there for a hint that never comes.
            await withTaskGroup { group in
                group.addTask { await wait(question.organization, wanted, question.projections) }
                group.addTask { try? await Task.sleep(for: Swift.min(left, .milliseconds(50))) }
                await group.next()
                group.cancelAll()
            }
            if Task.isCancelled { throw .notReached(wanted) }
            if try await attempt(check, on: points).position.position >= wanted { return }
        }
    }

    /// One unit: one round trip, one transaction, one snapshot.
    private func attempt(_ question: Question, on connection: PipelinedConnection) async throws(Problem) -> Findings {
        let organization = question.organization
        let places = [question.min, question.past].compactMap { $0 }.filter { $0.position > 0 }
        var unit = [
            Statement("SELECT set_config('daybook.organization', $1, true)") { $0.text(organization.text) },
            question.projections.isEmpty
                ? Statement(SQL.head) { $0.uuid(organization) }
                : Statement(SQL.progress) {
                    $0.uuid(organization)
                    $0.texts(question.projections)
                },
        ]
        if let moment = question.moment {
            unit.append(moment.statement(organization))
            if question.looksUp { unit.append(Statement(SQL.lookups)) }
        }
        if question.hasOnePlan { unit.append(Statement(SQL.onePlan)) }
        if question.readsAsItLies { unit.append(Statement(SQL.asItLies)) }
        if let base = question.base { unit.append(base.statement) }
        let before = unit.count
        for place in places {
            unit.append(
                Statement(SQL.place) {
                    $0.uuid(organization)
                    $0.bigint(place.position)
                })
        }
        let results: [Result]
        do {
            results = try await connection.run(unit + question.statements)
        } catch {
            throw problem(error)
        }
        return try reading {
            for (place, result) in zip(places, results.dropFirst(before)) where try !Queries.has(place, result) {
                throw Problem.forked(place)
            }
            return Findings(
                results: Array(results.dropFirst(before + places.count)), position: try Queries.position(results[1]),
                isIncomplete: question.projections.isEmpty ? false : try results[1][0].bool(2))
        }
    }

    /// Reads results; what is not as it must be becomes a problem.
    func reading<T>(_ body: () throws -> T) throws(Problem) -> T {
        do {
            return try body()
        } catch let error as PostgresError {
            throw problem(error)
        } catch let problem as Problem {
            throw problem
        } catch {
            log.error("an answer could not be read: \(error)")
            throw .fault
        }
    }

    private static func position(_ result: Result) throws(PostgresError) -> PositionToken {
        let none = [UInt8](repeating: 0, count: 8)
        guard result.count > 0 else { return PositionToken(position: 0, hash: none) }
        return PositionToken(position: try result[0].bigint(0), hash: try result[0].bytea(orNil: 1) ?? none)
    }
    /// Whether the log goes that far and has that leaf there.
    private static func has(_ place: PositionToken, _ result: Result) throws(PostgresError) -> Bool {
        let head = try result[0].bigint(orNil: 0) ?? 0
        let hash = try result[0].bytea(orNil: 1)
        return head >= place.position && (place.hash == nil || place.hash == hash)
    }

    /// What a failure of the database means for who asked.
    func problem(_ error: PostgresError) -> Problem {
        switch error.kind {
        case .connectionLost, .closed, .authentication, .undefinedDatabase, .insufficientResources: return .unavailable
        case .statementTimeout:
            return Problem(
                "query.too_slow", 503, "The question took too long; narrow it with filters or a smaller page.",
                retryAfter: 5)
        case .cancelled: return Problem("request.cancelled", 503, "The request was cancelled.")
        // A table was exchanged or a view made anew since the catalogue was read.
        case .undefinedTable, .undefinedColumn, .unsupported, .undefinedStatement:
            return Problem("read.changed", 503, "The tables are just being exchanged.", retryAfter: 1)
        case _:
            log.error("a question failed: \(error)")
            return .fault
        }
    }
}

extension Problem {
    static func notReached(_ position: Int64) -> Problem {
        Problem(
            "position.not_reached", 503, "The tables do not show position \(position) yet; ask again in a moment.",
            retryAfter: 1)
    }
    static func forked(_ place: PositionToken) -> Problem {
        Problem(
            "log.forked", 409,
            "This log has no position \(place.text): the database was set back. Start again without it."
        )
    }
}
