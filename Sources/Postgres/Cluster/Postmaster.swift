import Glibc

/// The server process of a data folder, as `postmaster.pid` tells of it.
struct Postmaster: Sendable {
    /// `postmaster.pid` outlives a crash, and its number may be another process' by now: it counts when that process
    /// is at work in this very folder.
    static func running(in cluster: String) -> Postmaster? {
        guard let text = Files.read("\(cluster)/postmaster.pid"),
            let process = text.split(separator: "\n", maxSplits: 1).first.flatMap({ pid_t($0) }), process > 0
        else { return nil }
        let found = Postmaster(process: process, cluster: cluster)
        return found.isAlive ? found : nil
    }

    /// Ends the sessions that a server left behind when it was killed: they hold its shared memory, one that computes
    /// as long as it computes, and no new server starts before. SIGQUIT is what the server itself would send them.
    /// False: some have not ended.
    static func endOrphans(in cluster: String) -> Bool {
        let orphans = Files.names(in: "/proc").compactMap { pid_t($0) }
            .map { Postmaster(process: $0, cluster: cluster) }
            .filter { $0.isAlive && Files.read("/proc/\($0.process)/comm")?.trimmed == "postgres" }
        for orphan in orphans { orphan.signal(SIGQUIT) }
        return orphans.allSatisfy { $0.hasEnded(within: .seconds(10)) }
    }

    let process: pid_t
    let cluster: String

    /// A process that has ended but was not waited for has no working folder any more, and counts as ended.
    var isAlive: Bool {
        var mine = stat()
        var its = stat()
        guard stat(cluster, &mine) == 0, stat("/proc/\(process)/cwd", &its) == 0 else { return false }
        return mine.st_ino == its.st_ino && mine.st_dev == its.st_dev
    }

    /// SIGINT ends sessions and shuts down; SIGQUIT stops without a checkpoint; SIGKILL is a crash.
    func signal(_ number: Int32) { kill(process, number) }

    /// Waits until it has ended.
    func hasEnded(within limit: Duration) -> Bool {
        let deadline = ContinuousClock.now + limit
        while isAlive {
            if ContinuousClock.now > deadline { return false }
            usleep(10_000)
        }
        return true
    }
}
