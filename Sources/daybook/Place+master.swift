import Foundation
import Logging
import Postgres
import Vault

extension Place {
    /// Where the master key lies: `DAYBOOK_MASTER_KEY_FILE`, else `master.key` in the data folder.
    private var masterFile: String {
        get throws { try settings().text("master-key-file") ?? folder + "/master.key" }
    }

    /// Where erasures are noted: what `DAYBOOK_ERASURE_REGISTER` names, else `erasures` beside the master key.
    func erasureRegister(_ master: MasterKey) throws -> ErasureRegister {
        let beside = URL(fileURLWithPath: try masterFile).deletingLastPathComponent().appending(path: "erasures").path
        return ErasureRegister(try settings().text("erasure-register") ?? beside, master: master)
    }

    /// The master key of a database: `DAYBOOK_MASTER_KEY`, else the one in its file, which is made, for its owner
    /// alone, where neither the file nor a key in the database is there yet.
    /// - Throws: an `Exit` that says what is lacking; `KeyError` where it is another database's.
    func masterKey(of database: ConnectionSettings, _ log: Logger) async throws -> MasterKey {
        let worker = PipelinedConnection(database.with(role: "daybook_worker"), name: "master key", log: log)
        return try await leaving(by: worker.close) {
            let key = if let named = try named() { named } else { try await made(for: worker) }
            try await key.confirm(on: worker)
            return key
        }
    }

    /// Whether a master key is named, so that none need be made.
    var hasMasterKey: Bool { get throws { try named() != nil } }

    /// The key that the environment or the file names.
    private func named() throws -> MasterKey? {
        if let text = ProcessInfo.processInfo.environment["DAYBOOK_MASTER_KEY"], !text.isEmpty {
            return try MasterKey(text: text)
        }
        let file = try masterFile
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw Exit(.lacking, "The master key in \(file) cannot be read. Start as the user who owns it.")
        }
        return try MasterKey(text: text)
    }

    private func made(for worker: PipelinedConnection) async throws -> MasterKey {
        let file = try masterFile
        guard try await !MasterKey.isNoted(on: worker) else {
            throw Exit(
                .lacking,
                "The master key is missing: it was in \(file). Put it back, or name it by DAYBOOK_MASTER_KEY_FILE; "
                    + "without it nothing personal can be read.")
        }
        try make()
        let key = MasterKey(bytes: Random.bytes(MasterKey.length))
        let out = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard out >= 0 else { throw Exit(.lacking, "The master key cannot be written to \(file).") }
        defer { close(out) }
        let text = Array("\(key.text)\n".utf8)
        guard write(out, text, text.count) == text.count, fsync(out) == 0 else {
            throw Exit(.lacking, "The master key cannot be written to \(file).")
        }
        return key
    }
}
