import Kernel
import Logging

/// Renders observations as log lines and metrics. The only place of this module that logs.
public struct Observer: Sendable {
    private let logger: Logger
    let metrics: Metrics

    /// - Parameters:
    ///   - logger: where lines go.
    ///   - metrics: what `/metrics` shows.
    public init(logger: Logger, metrics: Metrics) { (self.logger, self.metrics) = (logger, metrics) }

    /// Takes note.
    public func observe(_ observation: Observation) {
        switch observation {
        case .answered(let answered):
            log(answered)
            let status = String(answered.status)
            // A method is the client's word: only known ones become a label.
            let method = Self.methods.contains(answered.method) ? answered.method : "other"
            metrics.count("daybook_http_requests", ["method": method, "route": answered.route, "status": status])
            metrics.time("daybook_http_request_duration", ["route": answered.route], answered.duration)
        case .unreadable(let request, let code, let status):
            logger.info(
                "unreadable",
                metadata: ["request_id": "\(request)", "code": "\(code)", "status": .stringConvertible(status)])
            metrics.count("daybook_http_requests", ["method": "none", "route": "none", "status": String(status)])
        case .serving(let url): logger.notice("serving", metadata: ["url": "\(url)"])
        case .stopping: logger.notice("stopping")
        }
    }

    private static let methods: Set = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

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

extension Duration {
    /// To the microsecond.
    var milliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds * 1_000_000 + attoseconds / 1_000_000_000_000) / 1000
    }
    var seconds: Double { milliseconds / 1000 }
}
