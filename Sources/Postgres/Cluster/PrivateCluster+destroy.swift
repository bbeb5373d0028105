import Glibc

/// The end of a cluster that nobody needs any more: a test's, or one whose making is to be undone.
extension PrivateCluster {
    /// The server's process, for those who watch or ill-treat it.
    public var processIdentifier: Int32? { Postmaster.running(in: cluster)?.process }

    /// Stops the server at once and removes the folder with all data. Throws `.inUse` while another process holds it.
    /// Blocks for some milliseconds, so that it can run while a process exits.
    public func destroy() throws {
        if !isHeld { try takeLock() }
        if let postmaster = Postmaster.running(in: cluster) {
            postmaster.signal(SIGQUIT)
            if !postmaster.hasEnded(within: .seconds(10)) { postmaster.signal(SIGKILL) }
        }
        if socketFolder != "\(folder)/socket" { Files.remove(socketFolder) }
        Files.remove(folder)
        releaseLock()
    }
}
