import EventLog
import Foundation
import Synchronization

extension Case {
    /// A hundred thousand callers at once: as many wait as may, and the others are told to come later. The times are of
    /// those who were written; the notes, how many were not, and the most memory that the process has had, callers
    /// included.
    static func overload(_ ours: Ours, _ tenants: Tenants) -> Case {
        Case(.overload) { _ in
            let callers = Key.overload.writers
            Memory.forgetPeak()
            let start = ContinuousClock.now
            let times = try await withThrowingTaskGroup(of: Int64?.self) { group in
                for _ in 0..<callers {
                    group.addTask {
                        var writer = Writer(tenants.one, seed: Seeds.next(), records: 1)
                        let before = ContinuousClock.now
                        do throws(AppendError) {
                            _ = try await ours.appender.append(writer.next().unit)
                            return (ContinuousClock.now - before).inNanoseconds
                        } catch {
                            guard case .overloaded = error else { throw error }
                            return nil
                        }
                    }
                }
                return try await group.reduce(into: [Int64]()) { times, time in
                    if let time { times.append(time) }
                }
            }
            var sample = Sample(times, within: ContinuousClock.now - start)
            sample.notes["refused"] = Double(callers - times.count)
            sample.notes["peak MB"] = Memory.peak
            return sample
        }
    }
}

/// What Linux says of this process' memory.
enum Memory {
    /// The most that was resident, in megabytes, since it was last forgotten.
    static var peak: Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return (Double(line.filter(\.isNumber)) ?? 0) / 1024
    }

    static func forgetPeak() { try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs")) }
}
