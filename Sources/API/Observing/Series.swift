import CoreMetrics
import Synchronization

/// One line of numbers over time.
protocol Series: AnyObject, Sendable {
    /// Appends its lines in Prometheus' text format.
    func write(_ name: String, _ labels: String, to out: inout String)
}

final class Counter: CounterHandler, Series {
    private let value = Atomic<Int64>(0)
    func increment(by amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { value.store(0, ordering: .relaxed) }
    func write(_ name: String, _ labels: String, to out: inout String) {
        out += "\(name)\(braced(labels)) \(value.load(ordering: .relaxed))\n"
    }
}

final class Gauge: MeterHandler, RecorderHandler, Series {
    private let value = Mutex(0.0)
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }
    func write(_ name: String, _ labels: String, to out: inout String) {
        out += "\(name)\(braced(labels)) \(value.withLock { $0 })\n"
    }
}

/// Cumulative buckets from half a millisecond to half a minute.
final class Histogram: RecorderHandler, TimerHandler, Series {
    private struct Counts {
        var buckets = [UInt64](repeating: 0, count: Histogram.bounds.count)
        var sum = 0.0
        var count: UInt64 = 0
    }
    private static let bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
    private let counts = Mutex(Counts())

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) {
        let bucket = Self.bounds.firstIndex { value <= $0 }
        counts.withLock { counts in
            counts.count += 1
            counts.sum += value
            if let bucket { counts.buckets[bucket] += 1 }
        }
    }
    func write(_ name: String, _ labels: String, to out: inout String) {
        let counts = counts.withLock { $0 }
        let before = labels.isEmpty ? "" : labels + ","
        var total: UInt64 = 0
        for (bound, count) in zip(Self.bounds, counts.buckets) {
            total += count
            out += "\(name)_bucket{\(before)le=\"\(bound)\"} \(total)\n"
        }
        out += "\(name)_bucket{\(before)le=\"+Inf\"} \(counts.count)\n"
        out += "\(name)_sum\(braced(labels)) \(counts.sum)\n\(name)_count\(braced(labels)) \(counts.count)\n"
    }
}

private func braced(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }
