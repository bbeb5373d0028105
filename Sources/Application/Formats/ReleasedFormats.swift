import Foundation
public import Kernel
import Vault

/// `schemas/events`: the schema of each event and an example of it, and `released.lock`, which names each of these
/// files with its SHA-256 in the form of `sha256sum`. What stands in the lock never changes; more may come.
///
/// A shape may gain members without a new version (readers take what they know). Then it has one edition more, in a
/// file of its own beside the first: `deal.opened@1.json`, `deal.opened@1.2.json`. All else is a new version and an
/// upcaster.
public struct ReleasedFormats: Sendable {
    /// Files to be written, by their path in the folder; the lock is among them.
    public private(set) var new: [String: String] = [:]
    /// What may not be as it is: a file that changed or is gone, a shape that changed under its version.
    public private(set) var findings: [String] = []

    /// The lock's name.
    public static let lock = "released.lock"

    /// What is to be done so that `folder` tells `shapes`.
    /// - Parameter folder: the texts of its files, by their path in it.
    public init(_ shapes: [EventShape], in folder: [String: String]) {
        let locked = lockedFiles(folder[Self.lock] ?? "")
        check(folder, locked)
        for shape in shapes { take(shape, folder) }
        guard !new.isEmpty else { return }
        let added = new.map { ($0.key, Self.digest($0.value)) }
        let lines = locked.merging(added) { known, _ in known }.sorted { $0.key < $1.key }
        new[Self.lock] = lines.map { "\($0.value)  \($0.key)\n" }.joined()
    }

    // MARK: - What is released?

    private mutating func lockedFiles(_ lock: String) -> [String: String] {
        var locked: [String: String] = [:]
        for line in lock.split(separator: "\n") {
            let parts = line.split(separator: " ", omittingEmptySubsequences: true)
            guard parts.count == 2, parts[0].count == 64, locked[String(parts[1])] == nil else {
                findings.append("\(Self.lock): \(line) is no line of sha256sum, or stands twice")
                continue
            }
            locked[String(parts[1])] = String(parts[0])
        }
        return locked
    }

    private mutating func check(_ folder: [String: String], _ locked: [String: String]) {
        for (file, hash) in locked.sorted(by: { $0.key < $1.key }) {
            guard let text = folder[file] else {
                findings.append("\(file) is released and gone: take it back")
                continue
            }
            if Self.digest(text) != hash { findings.append("\(file) is released and changed: take it back") }
        }
        for file in folder.keys.sorted() where locked[file] == nil && file.hasSuffix(".json") {
            findings.append("\(file) is not in \(Self.lock): export the schemas again")
        }
    }

    private static func digest(_ text: String) -> String { SHA256.hash(Array(text.utf8)).hex }

    // MARK: - What do the shapes say by now?

    private mutating func take(_ shape: EventShape, _ folder: [String: String]) {
        let schema = shape.jsonSchema
        let editions = (1...).prefix { folder[Self.file(shape, edition: $0)] != nil }
        guard let last = editions.last else { return write(shape, edition: 1) }
        let file = Self.file(shape, edition: last)
        guard let old = folder[file].flatMap({ try? JSON(parsing: $0) }) else {
            return findings.append("\(file) is no JSON: take it back")
        }
        if old == schema { return }
        guard Self.isGrown(schema, from: old) else {
            return findings.append(
                "\(shape.storedName) is released and its shape changed: keep it, or give the event a new version and "
                    + "say with an upcaster what becomes of the old one")
        }
        write(shape, edition: last + 1)
    }

    private mutating func write(_ shape: EventShape, edition: Int) {
        let file = Self.file(shape, edition: edition)
        new[file] = shape.jsonSchema.pretty
        new["examples/\(file)"] = shape.example.pretty
    }

    private static func file(_ shape: EventShape, edition: Int) -> String {
        shape.storedName + (edition > 1 ? ".\(edition)" : "") + ".json"
    }

    /// Whether a schema says what the older one says, and of more members; a choice may have more words.
    private static func isGrown(_ new: JSON, from old: JSON) -> Bool {
        guard let now = new.object, let then = old.object, Set(now.keys) == Set(then.keys) else { return new == old }
        return then.allSatisfy { word, value in
            guard let present = now[word] else { return false }
            switch word {
            case "properties":
                return (value.object ?? [:]).allSatisfy { name, old in
                    present[name].map { isGrown($0, from: old) } ?? false
                }
            case "enum": return (value.array ?? []).allSatisfy { (present.array ?? []).contains($0) }
            case "additionalProperties", "items": return isGrown(present, from: value)
            case _: return present == value
            }
        }
    }
}
