import Foundation
import Synchronization

/// A small disk for the WAL of a cluster, which can be filled up. Needs the right to mount.
final class SmallDisk: Sendable {
    private let place: String
    private var ballast: String { place + "/ballast" }

    /// Moves the WAL of a cluster that does not run onto a disk of its own.
    init(for folder: String) async throws {
        place = folder + "/disk"
        let wal = folder + "/cluster/pg_wal"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        try await Tool.run(["mount", "-t", "tmpfs", "-o", "size=160m,mode=0755", "daybook-crash", place])
        try await Tool.run(["cp", "-a", wal, place + "/wal"])
        try FileManager.default.removeItem(atPath: wal)
        try FileManager.default.createSymbolicLink(atPath: wal, withDestinationPath: place + "/wal")
    }

    /// Not a byte more fits.
    func fill() {
        let file = open(ballast, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        defer { close(file) }
        for size in [1 << 20, 4096] {
            let zeros = [UInt8](repeating: 0, count: size)
            while write(file, zeros, size) == size {}
        }
    }

    func empty() { unlink(ballast) }

    func unmount() async { try? await Tool.run(["umount", "--lazy", place]) }

    /// Whether this process may mount at all.
    static let isPossible = geteuid() == 0
}
