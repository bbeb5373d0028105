import EventLog
import FoundationEssentials
import Kernel

extension Daybook {
    /// Forgets what has had its time, now and every hour until the task is cancelled: tokens that ended, and outcomes
    /// of commands that nobody repeats any more. What fails is tried again an hour later.
    public func keepHouse() async {
        repeat { await forget() } while (try? await Task.sleep(for: .seconds(3600))) != nil
    }

    /// One round of it.
    func forget() async {
        try? await access.sweep()
        _ = try? await OutcomeRetention(worker).sweep(at: commands.clock())
    }
}
