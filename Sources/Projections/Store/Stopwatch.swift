/// Counts what was read and tells it about twice a second.
struct Stopwatch {
    private let projections: [String]
    private let report: @Sendable (RebuildProgress) -> Void
    private let began = ContinuousClock.now
    private var told = ContinuousClock.now
    private var events: Int64 = 0
    private var total: Int64
    /// Of those, how many were read by an earlier run.
    private var skipped: Int64 = 0

    init(_ projections: [String], total: Int64, _ report: @escaping @Sendable (RebuildProgress) -> Void) {
        self.projections = projections
        self.total = total
        self.report = report
    }

    mutating func count() {
        events += 1
        if events & 0xFFF == 0, ContinuousClock.now - told > .milliseconds(500) { tell(.reading) }
    }

    /// Events that need not be read.
    mutating func skip(_ events: Int64) {
        skipped += events
        self.events += events
    }

    mutating func tell(_ phase: RebuildProgress.Phase) {
        told = .now
        total = max(total, events)
        report(progress(phase, []))
    }

    /// A swap waits for somebody, or, without any, for nobody more.
    func waits(for readers: [Reader]) { report(progress(.swapping, readers)) }

    private func progress(_ phase: RebuildProgress.Phase, _ readers: [Reader]) -> RebuildProgress {
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let rate = seconds > 0 ? Double(events - skipped) / seconds : 0
        return RebuildProgress(
            projections: projections, phase: phase, events: events, total: total, continuedFrom: skipped,
            perSecond: rate.rounded(),
            secondsLeft: rate > 0 && phase == .reading ? (Double(total - events) / rate).rounded() : nil,
            waitsFor: readers)
    }
}
