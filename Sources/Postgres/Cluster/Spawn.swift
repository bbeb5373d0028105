import CLibPQ
import Glibc

/// Runs programs by posix_spawn.
///
/// Not Foundation's `Process`, which waits for a socket that a child inherits; a child that becomes a daemon, as
/// Postgres does, never closes it.
enum Spawn {
    /// Runs a program to its end and gives its exit code. Its output goes to the end of the file `output`.
    ///
    /// The child has a session of its own (a Ctrl-C here is not its business), default signals, a small environment,
    /// and none of our open files. Blocks.
    static func run(_ arguments: [String], in folder: String, output: String) throws(ClusterError) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        posix_spawn_file_actions_addchdir_np(&actions, folder)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | Int32(DAYBOOK_SPAWN_SETSID)))

        let environment = ["PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C.UTF-8"]
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { (text: String) in strdup(text) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { (text: String) in strdup(text) } + [nil]
        defer { for string in argv + envp { free(string) } }
        var process = pid_t()
        let status = posix_spawnp(&process, arguments[0], &actions, &attributes, &argv, &envp)
        guard status == 0 else { throw .failed(command: arguments[0], log: String(cString: strerror(status))) }
        var code: Int32 = 0
        while waitpid(process, &code, 0) == -1 && errno == EINTR {}
        return code & 0x7F == 0 ? (code >> 8) & 0xFF : 128 + (code & 0x7F)
    }
}
