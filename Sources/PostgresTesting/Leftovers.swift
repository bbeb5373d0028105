import FoundationEssentials
import Glibc
import Postgres
import Synchronization

/// The clusters of this process, removed at its exit; and those of processes that died without doing so.
enum Leftovers {
    private static let disk = "/tmp"
    private static let prefix = "daybook-test-"
    private static let mine = Mutex<[PrivateCluster]>([])

    /// A folder whose name nobody else has. The name begins with the number of the process.
    static func newFolder(onDisk: Bool) -> String {
        "\(onDisk ? disk : Place.quick)/\(prefix)\(getpid())-\(UInt32.random(in: 0 ... .max))"
    }

    /// The cluster goes when the process exits.
    static func register(_ cluster: PrivateCluster) {
        _ = atExit
        mine.withLock { $0.append(cluster) }
    }

    /// The cluster goes now.
    static func remove(_ cluster: PrivateCluster) {
        mine.withLock { clusters in clusters.removeAll { $0 === cluster } }
        try? cluster.destroy()
    }

    /// Removes the clusters of processes that are no more.
    static func sweep() {
        for place in Set([disk, Place.quick]) {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
            for name in names where name.hasPrefix(prefix) {
                guard let process = pid_t(name.dropFirst(prefix.count).prefix { $0.isNumber }), process != getpid(),
                    kill(process, 0) == -1, errno == ESRCH
                else { continue }
                try? PrivateCluster(folder: "\(place)/\(name)", log: quiet).destroy()
            }
        }
    }

    private static let atExit: Void = {
        atexit {
            for cluster in Leftovers.mine.withLock({ $0 }) { try? cluster.destroy() }
        }
    }()
}
