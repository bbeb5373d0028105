import Kernel
import Logging
import Synchronization

/// Renders observations as log lines and metrics. The only place of this module that logs.
public struct Observer: Sendable {
    private let logger: Logger
    private let metrics: Metrics
    private let known = KnownSeries()

    /// - Parameters:
    ///   - logger: where lines go.
    ///   - metrics: what `/metrics` shows.
    public init(logger: Logger, metrics: Metrics) { (self.logger, self.metrics) = (logger, metrics) }

    /// Takes note.
    public func observe(_ observation: Observation) {
        switch observation {
        case .answered(let answered):
            log(answered)
            count(answered)
        case .brokenOff(let answer): log(answer)
        case .unreadable(let request, let code, let status):
            logger.info(
                "unreadable",
                metadata: ["request_id": "\(request)", "code": "\(code)", "status": .stringConvertible(status)])
            metrics.counter("daybook_http_requests", ["method": "none", "route": "none", "status": String(status)])
                .increment(by: 1)
        case .serving(let url): logger.notice("serving", metadata: ["url": "\(url)"])
        case .stopping: logger.notice("stopping")
        }
    }

    private static let methods: Set = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    private func count(_ answered: Observation.Answered) {
        // A method is the client's word: only known ones become a label.
        let method = Self.methods.contains(answered.method) ? answered.method : "other"
        let key = KnownSeries.Key(method: method, route: answered.route, status: answered.status)
        let (count, duration) = known.series(of: key, in: metrics)
        count.increment(by: 1)
        duration.record(answered.duration.seconds)
    }

    private func log(_ answer: Observation.BrokenOff) {
        var metadata: Logger.Metadata = ["route": .string(answer.route), "request_id": .string(answer.request)]
        if let organization = answer.organization { metadata["organization"] = .string(organization.text) }
        metadata["code"] = .string(answer.code ?? "client.gone")
        logger.log(level: answer.code == nil ? .info : .warning, "broken off", metadata: metadata)
    }

    private func log(_ answered: Observation.Answered) {
        let level: Logger.Level =
            switch answered.status {
            case ..<500: .info
            case 503: .warning
            default: .error
            }
        guard level >= logger.logLevel else { return }
        var metadata: Logger.Metadata = [
            "method": .string(answered.method), "route": .string(answered.route),
            "status": .stringConvertible(answered.status), "request_id": .string(answered.request),
            "ms": .stringConvertible(answered.duration.milliseconds),
        ]
        if let organization = answered.organization { metadata["organization"] = .string(organization.text) }
        if let trace = answered.trace { metadata["trace_id"] = .string(trace) }
        if let code = answered.code { metadata["code"] = .string(code) }
        logger.log(level: level, "request", metadata: metadata)
    }
}

/// The series of requests already met, so that their labels are written once.
private final class KnownSeries: Sendable {
    struct Key: Hashable {
        let method: String
        let route: String
        let status: Int
    }
    private let known = Mutex<[Key: (Counter, Histogram)]>([:])

    func series(of key: Key, in metrics: Metrics) -> (Counter, Histogram) {
        known.withLock { known in
            if let found = known[key] { return found }
            let labels = ["method": key.method, "route": key.route, "status": String(key.status)]
            let made = (
                metrics.counter("daybook_http_requests", labels),
                metrics.histogram("daybook_http_request_duration", ["route": key.route])
            )
            known[key] = made
            return made
        }
    }
}

extension Duration {
    /// To the microsecond.
    var milliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds * 1_000_000 + attoseconds / 1_000_000_000_000) / 1000
    }
    var seconds: Double { milliseconds / 1000 }
}
