import Foundation
import Glibc

/// Where tests put folders of their own.
public enum Place {
    /// For what need not outlast the machine: memory, where there is plenty, else /tmp. A database is hundreds of
    /// files, and ext4 looks long for the number of a new one when many went shortly before.
    public static let quick = hasPlenty ? memory : "/tmp"

    private static let memory = "/dev/shm"
    /// A run of all tests takes less than half of that.
    private static let plenty: UInt64 = 16 << 30

    private static var hasPlenty: Bool {
        var status = statvfs()
        guard statvfs(memory, &status) == 0, UInt64(status.f_bavail) * UInt64(status.f_frsize) >= plenty,
            let told = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8),
            let line = told.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
            let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ UInt64($0) })
        else { return false }
        return kibibytes << 10 >= plenty
    }
}
