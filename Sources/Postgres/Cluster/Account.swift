import Glibc

/// The user of the system that Postgres runs as: ourselves, or an unprivileged one when we are root.
struct Account: Sendable, Equatable {
    var name: String
    var user: uid_t
    var group: gid_t

    /// Who runs Postgres for `folder`: root hands over to the owner of the data that are there, else to `postgres`.
    static func forData(in folder: String) throws(ClusterError) -> Account {
        guard geteuid() == 0 else { return Account(name: "uid \(geteuid())", user: geteuid(), group: getegid()) }
        if let status = Files.status(folder), status.st_uid != 0, let entry = getpwuid(status.st_uid) {
            return Account(entry)
        }
        for name in ["postgres", "nobody"] {
            if let entry = getpwnam(name) { return Account(entry) }
        }
        throw .noUser
    }

    private init(name: String, user: uid_t, group: gid_t) {
        self.name = name
        self.user = user
        self.group = group
    }
    private init(_ entry: UnsafeMutablePointer<passwd>) {
        self.init(name: String(cString: entry.pointee.pw_name), user: entry.pointee.pw_uid, group: entry.pointee.pw_gid)
    }

    /// The command line that runs `arguments` as this user.
    func running(_ arguments: [String]) -> [String] {
        guard geteuid() == 0 else { return arguments }
        return ["setpriv", "--reuid=\(user)", "--regid=\(group)", "--clear-groups", "--"] + arguments
    }

    /// Gives it a file or folder. False: `errno` says why not.
    func own(_ path: String) -> Bool { geteuid() != 0 || lchown(path, user, group) == 0 }
}
