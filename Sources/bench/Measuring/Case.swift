/// Something that is measured, under one name in all passes.
struct Case: Sendable {
    /// What tells cases apart.
    struct Key: Hashable, Sendable, CustomStringConvertible {
        var name: String
        var writers: Int
        var organizations: Int

        init(_ name: String, writers: Int, organizations: Int = 1) {
            self.name = name
            self.writers = writers
            self.organizations = organizations
        }
        var description: String {
            let (writes, logs) = (writers == 1 ? "writer" : "writers", organizations == 1 ? "log" : "logs")
            return "\(name), \(writers) \(writes), \(organizations) \(logs)"
        }
    }

    let key: Key
    /// Runs it for about that long.
    let run: @Sendable (Duration) async throws -> Sample

    init(_ key: Key, _ run: @escaping @Sendable (Duration) async throws -> Sample) {
        self.key = key
        self.run = run
    }

    /// Whether one of these words means it; no words mean all.
    func isNamed(by words: [String]) -> Bool { words.isEmpty || words.contains { "\(key)".contains($0) } }
}

/// What one run of a case has shown.
struct Sample: Sendable {
    /// How many were done in a second.
    var perSecond: Double
    /// How long one took, in milliseconds: half of them took less, and 99 of a hundred.
    var p50: Double
    var p99: Double
    /// Other figures worth a line: what they are, and how much.
    var notes: [String: Double] = [:]

    init(perSecond: Double, p50: Double, p99: Double) {
        self.perSecond = perSecond
        self.p50 = p50
        self.p99 = p99
    }

    /// From how long each took (nanoseconds); `each` things were done at a time.
    init(_ times: [Int64], within duration: Duration, each: Int = 1) {
        let sorted = times.sorted()
        func at(_ share: Double) -> Double {
            sorted.isEmpty ? 0 : Double(sorted[Int(Double(sorted.count - 1) * share)]) / 1e6
        }
        self.init(perSecond: Double(times.count * each) / duration.inSeconds, p50: at(0.5), p99: at(0.99))
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
    var inNanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
