extension Case {
    /// Something that is done once to many events: how many a second, and the most memory that the process had.
    static func whole(_ key: Key, _ run: @escaping @Sendable () async throws -> Int) -> Case {
        Case(key) { _ in
            Memory.forgetPeak()
            let start = ContinuousClock.now
            let events = try await run()
            let seconds = (ContinuousClock.now - start).inSeconds
            var sample = Sample(perSecond: Double(events) / seconds, p50: 0, p99: 0)
            sample.notes["seconds"] = seconds
            sample.notes["peak MB"] = Memory.peak
            return sample
        }
    }
}
