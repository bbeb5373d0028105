/// Counts what was read and tells it about twice a second.
struct Stopwatch {
    private let projections: [String]
    private let report: @Sendable (RebuildProgress) -> Void
    private let began = ContinuousClock.now
    private var told = ContinuousClock.now
    private var events: Int64 = 0
    private var total: Int64

    init(_ projections: [String], total: Int64, _ report: @escaping @Sendable (RebuildProgress) -> Void) {
        self.projections = projections
        self.total = total
        self.report = report
    }

    mutating func count() {
        events += 1
        if events & 0xFFF == 0, ContinuousClock.now - told > .milliseconds(500) { tell(.reading) }
    }

    mutating func tell(_ phase: RebuildProgress.Phase) {
        told = .now
        let seconds = (told - began) / .seconds(1)
        let rate = seconds > 0 ? Double(events) / seconds : 0
        total = max(total, events)
        report(
            RebuildProgress(
                projections: projections, phase: phase, events: events, total: total, perSecond: rate.rounded(),
                secondsLeft: rate > 0 && phase == .reading ? (Double(total - events) / rate).rounded() : nil))
    }
}
