import Foundation
import Kernel
import Testing
import Vault

/// The file that says which backups were made.
@Suite struct BackupRegisterTests {
    private let master = MasterKey(bytes: Array(repeating: 3, count: 32))
    private let file = FileManager.default.temporaryDirectory.appending(path: "backups-\(UUID())").path
    private var register: BackupRegister { BackupRegister(file, master: master) }

    private func backup(_ number: Int64, in folder: String = "/srv/daybook", of logs: Int = 2) -> BackupRegister.Entry {
        BackupRegister.Entry(
            takenAt: Instant(microseconds: 1_700_000_000_123_456 + number),
            expiresAt: Instant(microseconds: 1_800_000_000_000_000), keys: Array(repeating: UInt8(number), count: 32),
            organizations: (0..<logs).map { _ in UUID() }, folder: folder)
    }

    @Test(arguments: ["/srv/daybook", "/srv/day book 7", "/srv/100%0A", "/a\nb", "/ä/ö"], [0, 1, 3])
    func `a backup is noted as it is`(folder: String, logs: Int) throws {
        defer { unlink(file) }
        let backups = [backup(1, in: folder, of: logs), backup(2)]
        for backup in backups { try register.note(backup) }
        #expect(try register.entries() == backups)
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func `that one is gone is a line of its own, and the last line counts`() throws {
        defer { unlink(file) }
        var first = backup(1)
        let second = backup(2)
        try register.note(first)
        try register.note(second)
        first.expiresAt = Instant(microseconds: 1_750_000_000_000_000)
        try register.note(first)
        #expect(try register.entries() == [first, second])
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 3)
    }

    @Test func `a line that was changed, or is one of the other register, is found`() throws {
        defer { unlink(file) }
        try register.note(backup(1))
        try register.note(backup(2))
        let whole = try String(contentsOfFile: file, encoding: .utf8)
        try Data(whole.replacing("2027-", with: "2026-").utf8).write(to: URL(fileURLWithPath: file))
        #expect(throws: RegisterError.altered(file, line: 1)) { try register.entries() }
        #expect(throws: RegisterError.altered(file, line: 1)) { try register.note(backup(3)) }
        try Data(whole.utf8).write(to: URL(fileURLWithPath: file))
        #expect(throws: RegisterError.altered(file, line: 1)) {
            try ErasureRegister(file, master: master).entries()
        }
    }
}
