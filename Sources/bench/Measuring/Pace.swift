import Foundation

/// Moments at which something comes by itself: a Poisson process.
enum Pace {
    /// After how long each comes, so many a second on average.
    static func moments(_ rate: Double, for duration: Duration) -> [Duration] {
        var dice = Dice(seed: Seeds.next())
        var (moments, moment): ([Duration], Double) = ([], 0)
        while true {
            moment -= log(Double.random(in: Double.leastNormalMagnitude..<1, using: &dice)) / rate
            if moment > duration.inSeconds { return moments }
            moments.append(.nanoseconds(Int64(moment * 1e9)))
        }
    }

    /// Sleeps, and watches the clock for the last moment: a sleeper is woken late.
    static func wait(until moment: ContinuousClock.Instant) {
        let left = (moment - .now).inNanoseconds - 80_000
        if left > 0 {
            var pause = timespec(tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
            nanosleep(&pause, nil)
        }
        while ContinuousClock.now < moment {}
    }
}
