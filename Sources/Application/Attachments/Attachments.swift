import CRM
import Files
import FoundationEssentials
import Kernel
import Logging
import Vault

/// Files of records: takes their bytes in, sealed; gives them out; takes them away.
///
/// What becomes of a file's bytes, in this order: they are sealed as they come, chunk by chunk, into a place that
/// nobody sees (`receive`); when all are there, and the record is known on which the file shall be, the key is sealed
/// for the persons concerned and the file is put in its place (`file`); then an event says that it is there. A crash
/// before the event leaves bytes that nobody can read, since the keys come with the event, and that a sweep takes away.
public final class Attachments: Sendable {
    /// How files are kept.
    public struct Options: Sendable {
        /// Where their bytes lie; nil: files are refused.
        public var store: (any FileStore)?
        /// The most bytes that a file may have.
        public var limit: Int64
        /// Who looks for viruses before anybody gets a file; nil: nobody does.
        public var scanner: (any VirusScanner)?

        /// 25 MiB at most unless told otherwise.
        public init(
            store: (any FileStore)? = nil, limit: Int64 = 25 << 20, scanner: (any VirusScanner)? = nil
        ) {
            (self.store, self.limit, self.scanner) = (store, limit, scanner)
        }
    }

    let commands: Commands
    let options: Options
    let log: Logger
    let pending = PendingScans()

    init(commands: Commands, options: Options, log: Logger) {
        (self.commands, self.options, self.log) = (commands, options, log)
    }

    /// Whether there is a place for files.
    public var isOffered: Bool { options.store != nil }
    /// The most bytes that a file may have.
    public var limit: Int64 { options.limit }

    /// Refuses who may not write, before anything is received.
    public func permit(_ caller: Caller) throws(Problem) { try Attachment.permit(caller) }

    /// Refuses a file of so many bytes where that is too much.
    public func fits(_ size: Int64) throws(Problem) {
        guard size <= limit else { throw .fileTooLarge(limit) }
    }

    /// The place of files.
    /// - Throws: `attachment.no_store`.
    func store() throws(Problem) -> any FileStore {
        guard let store = options.store else {
            throw Problem("attachment.no_store", 503, "This server has no place for files: give it one and try again.")
        }
        return store
    }
}

extension Problem {
    /// A file has more bytes than are taken.
    static func fileTooLarge(_ limit: Int64) -> Problem {
        Problem("attachment.too_large", 413, "A file may have at most \(limit) bytes here.")
    }

    /// The store did not take a file, or not give it.
    init(_ error: StoreError) {
        switch error {
        case .absent, .refused: self = .fault
        case .full:
            self = Problem("attachment.store_full", 503, "There is no room for files: nothing was written.")
        case .unavailable:
            self = Problem(
                "attachment.store_unavailable", 503,
                "The store of files does not answer; nothing was written. Send it again.", retryAfter: 5)
        }
    }
}

extension Logger {
    /// Runs what concerns the store of files, and notes why it failed.
    func keeping<Value>(_ work: () async throws(StoreError) -> Value) async throws(Problem) -> Value {
        do { return try await work() } catch {
            self.error("the store of files failed", metadata: ["error": "\(error)"])
            throw Problem(error)
        }
    }
}
