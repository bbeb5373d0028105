import CoreMetrics
import Synchronization

/// Counters, gauges and histograms in memory, and their text in Prometheus' exposition format (version 0.0.4). It is
/// also a backend of swift-metrics, so that libraries' metrics appear.
public final class Metrics: MetricsFactory {
    enum Kind: String { case counter, gauge, histogram }
    private struct Key: Hashable {
        let name: String
        let labels: String
    }
    private struct State {
        var kinds: [String: Kind] = [:]
        var series: [Key: any Series] = [:]
    }
    private let state = Mutex(State())

    /// None yet.
    public init() {}

    func counter(_ name: String, _ labels: [String: String]) -> Counter {
        series(name, labels.map { ($0, $1) }, .counter, suffix: "_total") { Counter() }
    }
    func histogram(_ name: String, _ labels: [String: String]) -> Histogram {
        series(name, labels.map { ($0, $1) }, .histogram, suffix: "_seconds") { Histogram() }
    }
    func gauge(_ name: String, _ labels: [String: String], _ value: Double) {
        series(name, labels.map { ($0, $1) }, .gauge) { Gauge() }.set(value)
    }

    /// All series: a TYPE line for each name, its series below it.
    func exposition() -> [UInt8] {
        let state = state.withLock { $0 }
        var out = ""
        var last = ""
        for (key, series) in state.series.sorted(by: { ($0.key.name, $0.key.labels) < ($1.key.name, $1.key.labels) }) {
            if key.name != last, let kind = state.kinds[key.name] { out += "# TYPE \(key.name) \(kind.rawValue)\n" }
            last = key.name
            series.write(key.name, key.labels, to: &out)
        }
        return Array(out.utf8)
    }

    /// One type for each name, or the exposition would be invalid: a clash gets a series that nobody sees.
    private func series<S: Series>(
        _ label: String, _ labels: [(String, String)], _ kind: Kind, suffix: String = "", _ make: () -> S
    ) -> S {
        let name = Self.name(label) + suffix
        let text = labels.map { "\(Self.name($0.0))=\"\(Self.escape($0.1))\"" }.sorted().joined(separator: ",")
        let key = Key(name: name, labels: text)
        return state.withLock { state in
            guard state.kinds[name, default: kind] == kind else { return make() }
            if let known = state.series[key] as? S { return known }
            let new = make()
            state.kinds[name] = kind
            state.series[key] = new
            return new
        }
    }

    private static func name(_ text: String) -> String {
        let kept = String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_" ? $0 : "_" })
        return kept.first?.isNumber == true ? "_" + kept : kept
    }
    private static func escape(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

// MARK: What do libraries ask for?

extension Metrics {
    /// A counter; its name ends in `_total`.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter, suffix: "_total") { Counter() }
    }
    /// A gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge) { Gauge() }
    }
    /// A histogram, or a gauge where values are not to be aggregated.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate
            ? series(label, dimensions, .histogram) { Histogram() } : series(label, dimensions, .gauge) { Gauge() }
    }
    /// A histogram of seconds; its name ends in `_seconds`.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .histogram, suffix: "_seconds") { Histogram() }
    }
    // A counter must never fall: the objects of swift-metrics come and go, the series stay.
    /// Keeps the series.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// Keeps the series.
    public func destroyMeter(_ handler: any MeterHandler) {}
    /// Keeps the series.
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Keeps the series.
    public func destroyTimer(_ handler: any TimerHandler) {}
}
