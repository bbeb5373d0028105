import Foundation
import Postgres
import Synchronization

/// Where runs take place one after the other: clusters that are kept from run to run.
final class Lane: Sendable {
    let folder: String
    /// The one that most runs are on.
    let ground: Ground
    private struct State {
        var elsewhere: Ground?
        var tight: (ground: Ground, disk: SmallDisk)?
    }
    private let state = Mutex(State())

    /// - Parameter place: the disk on which the clusters lie.
    init(_ number: Int, in place: String) {
        folder = "\(place)/\(Ground.prefix)\(getpid())-\(number)"
        ground = Ground(folder + "/a")
        _ = mkdir(folder, 0o711)
    }

    func prepare() async throws { try await ground.prepare() }

    /// Another server.
    func elsewhere() async throws -> Ground {
        if let there = state.withLock({ $0.elsewhere }) { return there }
        let new = Ground(folder + "/b")
        state.withLock { $0.elsewhere = new }
        try await new.prepare()
        return new
    }

    /// A server whose WAL is on a small disk.
    func tight() async throws -> (ground: Ground, disk: SmallDisk) {
        if let there = state.withLock({ $0.tight }) {
            try await there.ground.cluster.ensureRunning()
            return there
        }
        let new = Ground(folder + "/c", settings: ["max_wal_size": "64MB", "min_wal_size": "32MB"])
        try await new.prepare()
        try await new.cluster.stop()
        let disk = try await SmallDisk(for: new.cluster.folder)
        try await new.cluster.start()
        state.withLock { $0.tight = (new, disk) }
        return (new, disk)
    }

    /// Starts a server that was killed again, as `daybook serve` does with its own, from the first step of a run to its
    /// verdict: one that was killed last of all is there for a moment yet, and is found dead later.
    func supervised<R: Sendable>(_ run: @Sendable () async throws -> R) async throws -> R {
        let supervision = Task {
            while !Task.isCancelled {
                let others = state.withLock { [$0.elsewhere, $0.tight?.ground] }
                for ground in [ground] + others { try? await ground?.cluster.ensureRunning() }
                try? await Task.sleep(for: .milliseconds(30))
            }
        }
        do {
            let value = try await run()
            supervision.cancel()
            await supervision.value
            return value
        } catch {
            supervision.cancel()
            await supervision.value
            throw error
        }
    }

    func destroy() async {
        let (elsewhere, tight) = state.withLock { ($0.elsewhere, $0.tight) }
        for ground in [ground, elsewhere, tight?.ground] { ground?.destroy() }
        await tight?.disk.unmount()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// What runs that were killed have left.
    static func sweep(_ place: String) async {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
        where name.hasPrefix(Ground.prefix) {
            let number = name.dropFirst(Ground.prefix.count).prefix { $0.isNumber }
            guard let process = pid_t(number), Foundation.kill(process, 0) == -1, errno == ESRCH else { continue }
            for part in ["a", "b", "c"] {
                let folder = "\(place)/\(name)/\(part)"
                if FileManager.default.fileExists(atPath: folder) { Ground(folder).destroy() }
                if FileManager.default.fileExists(atPath: folder + "/disk") {
                    try? await Tool.run(["umount", "--lazy", folder + "/disk"])
                }
            }
            try? FileManager.default.removeItem(atPath: "\(place)/\(name)")
        }
    }
}
