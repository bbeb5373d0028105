import Application
import Foundation
import HTTPTypes
import Kernel
import NIOCore

// MARK: How is the server?

extension Routes {
    /// For those who run it: `/health` and `/metrics`. Neither tells anything of an organization.
    var operations: [Route] { [health, exposition] }

    private var health: Route {
        Route(
            .get, "/health", "Whether this server works: 200, or 503 where it cannot.",
            answer: .json(["type": "object"], position: false),
            handler: .open { exchange throws(Problem) in
                let vitals = await current()
                return Outcome(status: vitals.isServing ? 200 : 503, vitals.json)
            })
    }

    private var exposition: Route {
        Route(
            .get, "/metrics", "What Prometheus reads (text format 0.0.4).", answer: .text,
            handler: .open { exchange throws(Problem) in
                let vitals = await current()
                metrics.gauge("daybook_up", [:], vitals.database ? 1 : 0)
                if let living = vitals.projectors { metrics.gauge("daybook_projectors", [:], Double(living)) }
                metrics.gauge("daybook_policy_wait_seconds", [:], vitals.policyWait)
                if let queued = vitals.queued { metrics.gauge("daybook_appender_queue", [:], Double(queued)) }
                metrics.gauge("daybook_signer_refused_heads", [:], Double(vitals.refusedHeads))
                if let scans = vitals.scans {
                    metrics.gauge("daybook_scans_waiting", [:], Double(scans.waiting))
                    let aside = [
                        "refused": scans.refused, "unanswered": scans.unanswered, "unreadable": scans.unreadable,
                    ]
                    for (why, count) in aside { metrics.gauge("daybook_scans_aside", ["why": why], Double(count)) }
                }
                for projection in vitals.projections {
                    let labels = ["projection": projection.name]
                    if let lag = projection.lag { metrics.gauge("daybook_projection_lag_events", labels, Double(lag)) }
                    if let age = projection.lagSeconds {
                        metrics.gauge("daybook_projection_lag_seconds", labels, age)
                    }
                    metrics.gauge("daybook_projection_stalled_seconds", labels, projection.longestStall)
                    metrics.gauge("daybook_projection_held_streams", labels, Double(projection.held))
                }
                if let bytes = Process.residentBytes() {
                    metrics.gauge("process_resident_memory_bytes", [:], Double(bytes))
                }
                var outcome = Outcome(body: metrics.exposition())
                outcome.contentType = "text/plain; version=0.0.4; charset=utf-8"
                return outcome
            })
    }

    /// A database that hangs is as bad as one that is gone.
    private func current() async -> Vitals {
        await Deadline.run(.seconds(2), late: .silent) { [vitals = services.vitals] in await vitals() }
    }
}

/// This process as the kernel sees it.
enum Process {
    /// Resident memory in bytes, from `/proc/self/statm` (its second number, in pages).
    static func residentBytes() -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        let numbers = text.split(separator: " ").compactMap { Int($0) }
        return numbers.count > 1 ? numbers[1] * Int(sysconf(Int32(_SC_PAGESIZE))) : nil
    }
}
