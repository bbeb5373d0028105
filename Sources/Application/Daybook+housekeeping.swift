import EventLog
import FoundationEssentials
import Kernel
import Logging

extension Daybook {
    /// Forgets what has had its time, now and every hour until the task is cancelled: tokens that ended, and outcomes
    /// of commands that nobody repeats any more. What fails is tried again an hour later.
    ///
    /// Meanwhile it hears of erasures elsewhere, and at the start it notes in the register what a crash left out.
    public func keepHouse() async {
        async let hearing: Void = hearErasures()
        do { try await people.completeRegister() } catch {
            log.error("the register of erasures could not be completed", metadata: ["error": "\(error)"])
        }
        async let sweeping: Void = sweepFiles()
        async let scanning: Void = attachments.scan(worker)
        repeat { await forget() } while (try? await Task.sleep(for: .seconds(3600))) != nil
        await hearing
        await sweeping
        await scanning
    }

    /// Takes away what is left of files, now and every day: it looks at each of them.
    private func sweepFiles() async {
        repeat {
            do { try await attachments.sweep(at: commands.clock()) } catch {
                log.warning("files could not be swept", metadata: ["error": "\(error)"])
            }
        } while (try? await Task.sleep(for: .seconds(86_400))) != nil
    }

    /// One round of it.
    func forget() async {
        try? await access.sweep()
        _ = try? await OutcomeRetention(worker).sweep(at: commands.clock())
    }
}
