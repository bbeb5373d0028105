import FoundationEssentials
import Kernel

/// Where the bytes of files lie: a folder, or a service that speaks S3. They are sealed before they come here, and are
/// never changed.
public protocol FileStore: Sendable {
    /// How many bytes are best read at once.
    var piece: Int { get }

    /// Begins a file, which nobody sees before it is finished.
    /// - Parameter headLength: so many bytes at its beginning are known last.
    func begin(_ name: FileName, headLength: Int) async throws(StoreError) -> any FileWriter
    /// Bytes from an offset on; fewer where the file ends before.
    /// - Throws: `.absent` where there is no such file.
    func read(_ name: FileName, at offset: Int64, count: Int) async throws(StoreError) -> [UInt8]
    /// Takes a file away. Where there is none nothing happens.
    func remove(_ name: FileName) async throws(StoreError)
    /// Shows all files, some at a time, in no order.
    /// - Throws: what `body` throws; where not all could be shown.
    func list(_ body: ([StoredFile]) async throws -> Void) async throws
    /// Takes away what was begun before a moment and never finished.
    /// - Throws: the first failure, after all else was taken away.
    func sweep(before moment: Instant) async throws(StoreError)
}

/// A file that is being written. Used by one task at a time.
public protocol FileWriter: AnyObject, Sendable {
    /// Adds bytes.
    func write(_ bytes: [UInt8]) async throws(StoreError)
    /// Puts the head before all of it. From here on the file is there, whole, also after a crash.
    func finish(head: [UInt8]) async throws(StoreError)
    /// Leaves nothing of it.
    func abandon() async
}

/// A file by the organization whose it is and the id of its record.
public struct FileName: Sendable, Hashable {
    /// Whose.
    public let organization: UUID
    /// Its record.
    public let id: UUID

    /// A name.
    public init(_ organization: UUID, _ id: UUID) { (self.organization, self.id) = (organization, id) }

    /// `<organization>/<id>`, both in lower case.
    public var text: String { "\(organization.text)/\(id.text)" }

    /// A name as `text` writes it.
    public init?(_ text: some StringProtocol) {
        let ids = text.split(separator: "/").compactMap { UUID(text: String($0)) }
        guard ids.count == 2 else { return nil }
        self.init(ids[0], ids[1])
        guard self.text == text else { return nil }
    }
}

/// A file as a store lists it.
public struct StoredFile: Sendable, Hashable {
    /// Which.
    public let name: FileName
    /// Its bytes in the store.
    public let size: Int64
    /// When it was put there.
    public let storedAt: Instant

    /// A file.
    public init(_ name: FileName, size: Int64, storedAt: Instant) {
        (self.name, self.size, self.storedAt) = (name, size, storedAt)
    }
}

/// Why a store did not do what it was asked.
public enum StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is no such file.
    case absent
    /// There is no room for it.
    case full
    /// The store does not answer, or not now.
    case unavailable(String)
    /// It refuses: the place is not ours, or the settings are wrong.
    case refused(String)

    /// A sentence for the log; it names no file.
    public var description: String {
        switch self {
        case .absent: "The store of files has no such file."
        case .full: "The store of files is full: make room."
        case .unavailable(let why): "The store of files does not answer: \(why)."
        case .refused(let why): "The store of files refuses: \(why)."
        }
    }
}
