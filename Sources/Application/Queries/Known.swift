/// What was last read of something that changes now and then, and costs too much to be read each time: it is read once
/// for all who ask, and those who come meanwhile are answered by what was known, as long as that is not too old.
actor Known<Value: Sendable, Failure: Error> {
    /// Up to which age something is as good as new.
    struct Ages: Sendable {
        /// For who has found that what was known is not so.
        var fresh = Duration.seconds(1)
        /// Without another look.
        var good = Duration.seconds(10)
        /// While another look is taken.
        var usable = Duration.seconds(20)
    }
    private typealias Reading = Task<Swift.Result<Value, Failure>, Never>

    private let ages: Ages
    private var last: (value: Value, at: ContinuousClock.Instant)?
    private var reading: (look: Reading, since: ContinuousClock.Instant)?

    init(_ ages: Ages = Ages()) { self.ages = ages }

    /// What is known, at most as old as `usable`, or `fresh`.
    /// - Parameter read: reads it anew. One caller's serves for all.
    func current(
        fresh: Bool = false, _ read: @escaping @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let asked = ContinuousClock.now
        guard let last else { return try await look(read).value.get() }
        let age = asked - last.at
        if age < (fresh ? ages.fresh : ages.good) { return last.value }
        // A look that was begun too long ago may have seen what was found wrong.
        if fresh, let reading, asked - reading.since >= ages.fresh {
            _ = await reading.look.value
            return try await current(fresh: true, read)
        }
        let reading = look(read)
        return fresh || age > ages.usable ? try await reading.value.get() : last.value
    }

    /// The look that is being taken, or a new one.
    private func look(_ read: @escaping @Sendable () async throws(Failure) -> Value) -> Reading {
        if let reading { return reading.look }
        let start = ContinuousClock.now
        let new = Reading {
            defer { reading = nil }
            do throws(Failure) {
                let value = try await read()
                last = (value, start)
                return .success(value)
            } catch {
                return .failure(error)
            }
        }
        reading = (new, start)
        return new
    }
}
