import Application
import Foundation
import Logging
import Postgres
import Shipped
import Vault

/// A database at this version's schema, and how to leave it.
struct Opened: Sendable {
    let url: String
    /// Wraps the keys in it.
    let master: MasterKey
    /// Who was erased from it.
    let register: ErasureRegister
    /// Which backups were made of it.
    let backupRegister: BackupRegister
    /// How files of its records are kept.
    let files: Attachments.Options
    /// The private cluster where this process holds it.
    let cluster: PrivateCluster?

    // MARK: How is it opened?

    /// For a server: the cluster is this process' own, and a second server on the folder is refused.
    static func serving(_ place: Place, log: Logger) async throws -> Opened {
        if let url = try place.foreignDatabase() { return try await Opened(place, url: url, cluster: nil, log) }
        let cluster = place.cluster(log)
        try await cluster.start()
        return try await Opened(place, url: cluster.url, cluster: cluster, log)
    }

    /// For a verb: the cluster of the server that runs, or one that is started for this verb alone.
    static func visiting(_ place: Place, log: Logger) async throws -> Opened {
        if let url = try place.foreignDatabase() { return try await Opened(place, url: url, cluster: nil, log) }
        guard FileManager.default.fileExists(atPath: place.clusterFolder) else {
            throw Exit(
                .lacking, "There are no data in \(place.folder). Run `tools/start` first, or name another --data.")
        }
        let cluster = place.cluster(log)
        for _ in 0..<100 where !cluster.isRunning {
            do {
                try await cluster.start()
                return try await Opened(place, url: cluster.url, cluster: cluster, log)
            } catch ClusterError.inUse {
                // A server is starting or stopping at this moment.
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        return try await Opened(place, url: cluster.url, cluster: nil, log)
    }

    /// Migrates the database, and finds its master key.
    private init(_ place: Place, url: String, cluster: PrivateCluster?, _ log: Logger) async throws {
        let migrations = Shipped.files(in: "schemas/log").compactMap { Migration(file: $0.name, sql: $0.text) }
        do {
            let settings = ConnectionSettings(url: url)
            try await Migrator(settings, log: log).migrate(migrations)
            master = try await place.masterKey(of: settings, log)
            register = try place.erasureRegister(master)
            backupRegister = BackupRegister(register.path(beside: "backups"), master: master)
            files = try place.files()
        } catch {
            try? await cluster?.stop()
            throw error
        }
        (self.url, self.cluster) = (url, cluster)
    }

    /// Stops the cluster where it is ours.
    func close() async throws { try await cluster?.stop() }
}

extension Place {
    var clusterFolder: String { folder + "/postgres" }

    func cluster(_ log: Logger) -> PrivateCluster { PrivateCluster(folder: clusterFolder, log: log) }

    /// Runs `body` on the database, whatever becomes of it leaving the cluster as it was.
    func visit<R: Sendable>(log: Logger, _ body: (Opened) async throws -> R) async throws -> R {
        let opened = try await Opened.visiting(self, log: log)
        return try await leaving(by: opened.close) { try await body(opened) }
    }
}
