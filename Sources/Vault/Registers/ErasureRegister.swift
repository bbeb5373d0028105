import FoundationEssentials
import Kernel

/// Who was erased, in a file that lies beside the master key and not in the database: a backup from before an erasure
/// brings the person back, and a restore erases again whom this file names (docs/personal-data.md describes it).
public struct ErasureRegister: Sendable {
    /// An erasure.
    public struct Entry: Sendable, Hashable {
        /// In whose log.
        public let organization: UUID
        /// Who was erased: a stream's id.
        public let person: UUID
        /// When.
        public let erasedAt: Instant

        /// An erasure.
        public init(organization: UUID, person: UUID, erasedAt: Instant) {
            (self.organization, self.person, self.erasedAt) = (organization, person, erasedAt)
        }
    }

    private let file: SignedLines

    /// The register at `path`, which is made with the first erasure.
    public init(_ path: String, master: MasterKey) {
        file = SignedLines(path, for: "daybook erasure register 1", master: master)
    }

    /// Where it lies.
    public var path: String { file.path }

    /// Where another file lies that is kept as this one is.
    public func path(beside name: String) -> String {
        URL(fileURLWithPath: path).deletingLastPathComponent().appending(path: name).path
    }

    /// Whether there is a file.
    public var isThere: Bool { file.isThere }

    /// All that were erased, in order; none where there is no file.
    /// - Throws: `RegisterError`.
    public func entries() throws(RegisterError) -> [Entry] { try read(try file.all()) }

    /// Adds those that are not in it, and returns when they are on the disk.
    /// - Throws: `RegisterError`.
    public func note(_ erased: [Entry]) throws(RegisterError) {
        try file.add { lines throws(RegisterError) in
            var known = Set(try read(lines).map(Name.init))
            return erased.filter { known.insert(Name($0)).inserted }.map(\.line)
        }
    }

    private struct Name: Hashable {
        let organization: UUID
        let person: UUID
        init(_ entry: Entry) { (organization, person) = (entry.organization, entry.person) }
    }

    private func read(_ lines: [String]) throws(RegisterError) -> [Entry] {
        var entries: [Entry] = []
        for line in lines {
            guard let entry = Entry(line) else { throw .altered(path, line: entries.count + 1) }
            entries.append(entry)
        }
        return entries
    }
}

extension ErasureRegister.Entry {
    fileprivate var line: String { "\(organization.text) \(person.text) \(erasedAt.text)" }

    fileprivate init?(_ line: String) {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, let organization = UUID(text: String(parts[0])),
            let person = UUID(text: String(parts[1])), let erasedAt = Instant(parts[2])
        else { return nil }
        self.init(organization: organization, person: person, erasedAt: erasedAt)
    }
}
