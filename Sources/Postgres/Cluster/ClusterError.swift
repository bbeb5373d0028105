/// Why a private cluster cannot be had. The description is a sentence that says what to do.
public enum ClusterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no `initdb`, or none of the major version that made the data.
    case postgresMissing(version: Int?)
    /// Postgres never runs as root, and there is no other user it could run as.
    case noUser
    /// The user that Postgres runs as cannot enter the data folder.
    case unreachable(folder: String, user: String)
    /// Another process uses the data folder.
    case inUse(folder: String, process: Int32?)
    /// This process does not hold the data folder.
    case notStarted(folder: String)
    /// The data were made by a Postgres that is older than we support.
    case tooOld(version: Int)
    /// A folder for the socket is somebody else's.
    case unsafeFolder(String)
    /// A file or folder cannot be made, read or written.
    case file(String, reason: String)
    /// `initdb` or the server failed; `log` is the end of what it said.
    case failed(command: String, log: String)
    /// The server did not accept connections in time.
    case notReady(log: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .postgresMissing(nil):
            return "There is no Postgres 15 or newer on this machine. Install it: apt-get install postgresql"
        case .postgresMissing(let version?):
            return "The data were made by Postgres \(version), which is not on this machine. "
                + "Install it: apt-get install postgresql-\(version)"
        case .noUser:
            return "Postgres does not run as root, and there is no user `postgres` or `nobody` it could run as. "
                + "Make one (adduser --system postgres), or start Daybook as a user of its own."
        case .unreachable(let folder, let user):
            return "Postgres runs as the user `\(user)`, who cannot enter \(folder). Choose a data folder elsewhere, "
                + "or let that user pass through (chmod o+x) each folder above it."
        case .inUse(let folder, let process):
            let who = process.map { "process \($0)" } ?? "another process"
            return "The data folder \(folder) is in use by \(who). Stop that first, or choose another data folder."
        case .notStarted(let folder):
            return "The data folder \(folder) is not ours: it was not started here, or is stopped. Start it first."
        case .tooOld(let version):
            return "The data were made by Postgres \(version), and Daybook needs 15 or newer: use pg_upgrade, or "
                + "dump and restore."
        case .unsafeFolder(let folder):
            return "\(folder) belongs to somebody else or is open to others. Remove it and start again."
        case .file(let path, let reason):
            return "\(path): \(reason). Check its owner, its mode and the room on the disk."
        case .failed(let command, let log):
            return "\(command) failed. It said: \(log)"
        case .notReady(let log):
            return "Postgres did not accept connections in time. Its log ends with: \(log)"
        }
    }
}
