import Audit
import Kernel
public import Vault

/// A backup that was noted and holds the key of somebody who was erased after it, as far as can be told.
public struct HeldBackup: Sendable, Hashable {
    /// As it was noted.
    public let backup: BackupRegister.Entry
    /// Whether it is where it was written; then it was looked into.
    public let isThere: Bool
    /// Whether it should be gone by now.
    public let isExpired: Bool

    /// Those that were made before an erasure and still hold the key: seen there, or, where they are not there, by
    /// their time, for as long as they and their copies are kept.
    /// - Parameter erased: who was erased, and when.
    /// - Throws: `RegisterError`.
    public static func all(
        of erased: [ErasureRegister.Entry], in register: BackupRegister, at now: Instant
    ) throws(RegisterError) -> [HeldBackup] {
        try register.entries().compactMap { backup in
            let before = erased.filter {
                backup.organizations.contains($0.organization) && backup.takenAt < $0.erasedAt
            }
            if before.isEmpty { return nil }
            let holds = Backup(backup.folder).holds(
                keyOf: before.map { ($0.organization, $0.person) }, takenAt: backup.takenAt, keys: backup.keys)
            let isExpired = backup.expiresAt <= now
            guard holds ?? !isExpired else { return nil }
            return HeldBackup(backup: backup, isThere: holds != nil, isExpired: isExpired)
        }
    }

    /// A sentence that says what to do.
    public var sentence: String {
        let made = "The backup of \(backup.takenAt.text)"
        if !isThere {
            return "\(made), which was written to \(backup.folder) and is not there any more, holds the key until "
                + "\(backup.expiresAt.text). When it and its copies are destroyed, run `daybook backup --gone "
                + "\(backup.folder)`."
        }
        return isExpired
            ? "\(made) in \(backup.folder) holds the key and should be gone since \(backup.expiresAt.text): remove it."
            : "\(made) in \(backup.folder) holds the key and is kept until \(backup.expiresAt.text)."
    }
}
