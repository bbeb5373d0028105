/// Looks for viruses in files before anybody gets them.
public protocol VirusScanner: Sendable {
    /// Begins with one file.
    func begin() async throws(ScanError) -> any VirusScan
}

/// One file that is being looked at. Used by one task at a time.
public protocol VirusScan: AnyObject, Sendable {
    /// Takes the next bytes.
    func take(_ bytes: [UInt8]) async throws(ScanError)
    /// There are no more; what was found.
    func finish() async throws(ScanError) -> Verdict
}

/// What a scanner says of a file.
public enum Verdict: Sendable, Hashable {
    case clean
    /// With the name of what was found.
    case infected(String)
}

/// Why a file was not looked at.
public enum ScanError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The scanner cannot be reached, or said nothing.
    case unavailable(String)
    /// It refuses this file, as one that is too long for it.
    case refused(String)

    /// A sentence for the log.
    public var description: String {
        switch self {
        case .unavailable(let why): "The virus scanner does not answer: \(why)."
        case .refused(let why): "The virus scanner refuses a file: \(why). Mend its settings; it is asked again."
        }
    }
}
