import Application
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import NIOHTTP1

/// Turns a request into an answer: names it, finds its route, checks what it carries, lets the handler work for a
/// bounded time, renders what came of it, and tells the observer. Nothing that is thrown escapes.
struct Responder: HTTPResponder {
    /// Where a request comes from.
    struct Context: InitializableFromSource, Sendable {
        let channel: any NIOCore.Channel
        init(source: ApplicationRequestContextSource) { channel = source.channel }
    }

    let tree: RouteTree
    let observer: Observer
    /// Who sends a token.
    let caller: @Sendable (_ token: String, _ request: String) async throws(Problem) -> Caller
    /// How long a handler may work.
    var patience: Duration = .seconds(Limits.seconds)

    /// What became of a request.
    private struct Result: Sendable {
        var outcome: Swift.Result<Outcome, Problem>
        var organization: UUID?
    }

    func respond(to request: Request, context: Context) async -> Response {
        let start = ContinuousClock.now
        let id = RequestID.accept(request.headers[.requestID])
        let (path, query) = Self.split(request.head.path ?? "/")
        let match = tree.match(request.method, path)
        let result: Result
        switch match {
        case .route(let route, let captured):
            result = await serve(request, id: id, route, captured, query: query, context)
        case .method(let allowed, _):
            let names = allowed.map(\.rawValue).joined(separator: ", ")
            result = Result(
                outcome: .failure(
                    Problem("method_not_allowed", 405, "\(request.method.rawValue) is not possible here; \(names) are.")
                ))
        case .nothing:
            result = Result(outcome: .failure(Problem("route_not_found", 404, "There is nothing at this address.")))
        }
        var response = Self.render(result.outcome, id: id) { [observer, organization = result.organization] error in
            let code = (error as? Problem)?.code
            observer.observe(
                .brokenOff(
                    Observation.BrokenOff(
                        route: match.pattern, request: id, organization: organization, code: code)))
        }
        if case .method(let allowed, _) = match {
            response.headers[.allow] = allowed.map(\.rawValue).joined(separator: ", ")
        }
        if request.method == .head { response = response.createHeadResponse() }
        let trace = request.headers[.traceparent].flatMap { header in
            TraceContext.trace(of: header).map { (header: header, id: $0) }
        }
        if let trace { response.headers[.traceparent] = trace.header }
        let code: String? = if case .failure(let problem) = result.outcome { problem.code } else { nil }
        observer.observe(
            .answered(
                Observation.Answered(
                    method: request.method.rawValue, route: match.pattern, status: response.status.code,
                    duration: ContinuousClock.now - start, request: id, trace: trace?.id,
                    organization: result.organization, code: code)))
        return response
    }

    /// Path and query of a request's target, which may also be a whole address (RFC 9112 §3.2.2).
    static func split(_ target: String) -> (path: Substring, query: Substring) {
        var rest = target[...]
        if rest.utf8.first != UInt8(ascii: "/"), let scheme = rest.firstRange(of: "://") {
            rest = rest[scheme.upperBound...]
            rest = rest[(rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex)...]
        }
        rest = rest[..<(rest.utf8.firstIndex(of: UInt8(ascii: "#")) ?? rest.endIndex)]
        guard let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (rest, "") }
        return (rest[..<mark], rest[rest.utf8.index(after: mark)...])
    }

    // MARK: What does a route's request go through?

    private func serve(
        _ request: Request, id: String, _ route: Route, _ captured: [String: String], query: Substring,
        _ context: Context
    ) async -> Result {
        var known: Caller?
        do throws(Problem) {
            // Who asks is known before a byte of what they send is kept: a stranger's body is not taken in.
            let token = Self.token(request.headers)
            switch route.handler {
            case .open: break
            case .known, .upload:
                guard let token else { throw Problem.unauthorized }
                known = try await caller(token, id).coming(from: Self.origin(request, context))
            }
            let items = try QueryItems.parse(query)
            try QueryItems.check(items, route.parameters)
            let conditions = try Conditions(request.headers)
            var bytes: [UInt8] = []
            if case .upload = route.body {} else { bytes = try await read(request, limit: route.body.limit) }
            let body = try Self.body(bytes, route.body, request.headers)
            let exchange = Exchange(
                id: id, captured: captured, query: items, conditions: conditions, token: token, bytes: bytes, body: body
            )
            let work = try await handler(of: route, request, exchange, known)
            let outcome = await answer(work, route)
            return Result(outcome: outcome, organization: known?.organization)
        } catch {
            return Result(outcome: .failure(error), organization: known?.organization)
        }
    }

    /// What is done once the request is there: of one whose body comes as long as it takes, after that was received.
    private func handler(
        of route: Route, _ request: Request, _ exchange: Exchange, _ known: Caller?
    ) async throws(Problem) -> @Sendable () async throws(Problem) -> Outcome {
        switch (route.handler, known) {
        case (.open(let handler), _): return { () throws(Problem) in try await handler(exchange) }
        case (.known(let handler), let caller?): return { () throws(Problem) in try await handler(exchange, caller) }
        case (.upload(let receive), let caller?): return try await receive(exchange, caller, try Inflow(request))
        case (.known, nil), (.upload, nil): throw .unauthorized
        }
    }

    private func answer(
        _ work: @escaping @Sendable () async throws(Problem) -> Outcome, _ route: Route
    ) async -> Swift.Result<Outcome, Problem> {
        await Deadline.run(patience, late: .failure(route.method == .get ? Self.lateRead : Self.lateCommand)) {
            do throws(Problem) { return .success(try await work()) } catch { return .failure(error) }
        }
    }
    private static let lateRead = Problem(
        "request.timeout", 503, "This took longer than \(Limits.seconds) seconds and was given up.", retryAfter: 5)
    private static let lateCommand = Problem(
        "request.timeout", 503,
        "This took longer than \(Limits.seconds) seconds; whether it was carried out is not known. Ask again with the "
            + "same Idempotency-Key.", retryAfter: 5)

    private static func origin(_ request: Request, _ context: Context) -> Caller.Origin? {
        Caller.Origin(address: context.channel.remoteAddress?.ipAddress, agent: request.headers[.userAgent])
    }

    /// The token of `Authorization: Bearer …` (RFC 6750 §2.1); nil where there is none, or more than one.
    private static func token(_ headers: HTTPFields) -> String? {
        let values = headers[values: .authorization]
        guard values.count == 1 else { return nil }
        let parts = values[0].utf8.split(separator: UInt8(ascii: " ")).map { Substring($0) }
        guard parts.count == 2, parts[0].lowercased() == "bearer", parts[1].utf8.count <= 512 else { return nil }
        return String(parts[1])
    }
}

extension RouteTree.Match {
    /// The pattern of the path, for log lines and metrics.
    var pattern: String {
        switch self {
        case .route(let route, _): route.path
        case .method(_, let pattern): pattern
        case .nothing: "none"
        }
    }
}
