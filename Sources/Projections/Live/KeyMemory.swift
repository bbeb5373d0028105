import Synchronization

/// How long a batch's book of keys may remember: until somebody is erased, here or, by the clock, in another process.
struct KeyMemory {
    /// A key that was destroyed is in no memory longer than this while events come.
    private static let span = Duration.seconds(30)
    private var erasures = 0
    private var since = ContinuousClock.now

    /// Makes the book forget where it is time.
    mutating func refresh(_ engine: Engine, _ deployment: Deployment) {
        let erasures = deployment.erasures.load(ordering: .relaxed)
        if erasures == self.erasures, ContinuousClock.now - since < Self.span { return }
        engine.book?.removeAll()
        (self.erasures, since) = (erasures, .now)
    }
}
