import CRM
import EventLog
import FoundationEssentials
import Glibc
import Kernel
import Synchronization
import Vault

/// What one log tells of one person, gathered event by event. Pure.
struct Trail: Sendable {
    /// A record that names the person.
    struct Mention: Sendable, Hashable {
        let entity: String
        let id: UUID
        /// The members of its events that do, `owner_id`, `affiliations`.
        var members: Set<String>
        /// How many events, and where the first and the last stand.
        var events: Int
        let first: Position
        var last: Position

        /// The same record, which names another, too. An event that names both counts twice.
        fileprivate func with(_ other: Mention) -> Mention {
            Mention(
                entity: entity, id: id, members: members.union(other.members), events: events + other.events,
                first: min(first, other.first), last: max(last, other.last))
        }
    }
    /// From where the person acted.
    struct Origin: Sendable, Hashable {
        let origin: JSON
        var events: Int
        let first: Instant
        var last: Instant
    }
    private let person: UUID
    private let text: [UInt8]
    /// With the person's own key, if there is one.
    let opening: Opening
    /// The person's own events.
    private(set) var own: [RecordedEvent] = []
    /// Events of other records that hold something of the person.
    private(set) var shared: [RecordedEvent] = []
    private(set) var mentions: [UUID: Mention] = [:]
    /// What the person did: how many events, and from where.
    private(set) var acts = 0
    private(set) var origins: [JSON: Origin] = [:]
    /// How far the log went.
    private(set) var last: PositionToken?

    init(of person: UUID, _ opening: Opening) {
        (self.person, self.opening) = (person, opening)
        text = Array(person.text.utf8)
    }

    /// The next event of the log.
    mutating func take(_ event: RecordedEvent) throws {
        last = PositionToken(position: event.position, hash: event.leaf)
        if event.actor == person { try takeAct(event) }
        if event.stream == person {
            own.append(event)
            return
        }
        if try holdsPart(event) { shared.append(event) }
        guard isNamed(in: event.data) else { return }
        var members: Set<String> = []
        for (name, value) in try JSON(parsing: event.data).object ?? [:] {
            // A change names its own members.
            if name == "set", let inner = value.object {
                members.formUnion(inner.filter { isNamed($0.key, $0.value) }.map(\.key))
            } else if isNamed(name, value) {
                members.insert(name)
            }
        }
        let entity = String(event.type.prefix { $0 != "." })
        var mention =
            mentions[event.stream]
            ?? Mention(
                entity: entity, id: event.stream, members: [], events: 0, first: event.position, last: event.position)
        mention.members.formUnion(members)
        mention.events += 1
        mention.last = event.position
        mentions[event.stream] = mention
    }

    private mutating func takeAct(_ event: RecordedEvent) throws {
        acts += 1
        guard let origin = try opening.origin(event) else { return }
        var seen =
            origins[origin] ?? Origin(origin: origin, events: 0, first: event.recordedAt, last: event.recordedAt)
        seen.events += 1
        seen.last = event.recordedAt
        origins[origin] = seen
    }

    private func holdsPart(_ event: RecordedEvent) throws -> Bool {
        guard let sealed = event.private else { return false }
        var isHeld = false
        try sealed.withUnsafeBytes { bytes in
            try SealedParts.walk(bytes) { if $0.kind == .data, $0.person == person { isHeld = true } }
        }
        return isHeld
    }

    private func isNamed(in data: [UInt8]) -> Bool {
        data.withUnsafeBytes { data in
            guard var rest = data.baseAddress else { return false }
            let end = rest + data.count
            while end - rest >= text.count, let found = memchr(rest, Int32(text[0]), end - rest) {
                rest = UnsafeRawPointer(found)
                if end - rest >= text.count, memcmp(rest, text, text.count) == 0 { return true }
                rest += 1
            }
            return false
        }
    }

    private func isNamed(_ name: String, _ value: JSON) -> Bool {
        isNamed(in: Array(name.utf8)) || isNamed(in: value.bytes)
    }
}

/// A trail that is followed on another thread.
final class TrailBox: Sendable {
    private let trail: Mutex<Trail>

    init(_ trail: Trail) { self.trail = Mutex(trail) }

    var value: Trail { trail.withLock { $0 } }
    func take(_ event: RecordedEvent) throws { try trail.withLock { try $0.take(event) } }
}

extension Trail {
    /// The records that name who was several, each once, by kind and id; those records themselves do not count.
    static func mentions(_ trails: [Trail]) -> [Mention] {
        var all: [UUID: Mention] = [:]
        for mention in trails.flatMap(\.mentions.values) where !trails.contains(where: { $0.person == mention.id }) {
            all[mention.id] = all[mention.id]?.with(mention) ?? mention
        }
        return all.values.sorted { ($0.entity, $0.first) < ($1.entity, $1.first) }
    }
    /// The same as an answer tells it.
    static func mentioning(_ trails: [Trail]) -> JSON {
        .array(
            mentions(trails).map { mention in
                [
                    "entity": .string(mention.entity), "id": .string(mention.id.text),
                    "members": .array(mention.members.sorted().map { .string($0) }),
                    "events": .integer(Int64(mention.events)), "first_position": .integer(mention.first),
                    "last_position": .integer(mention.last),
                ]
            })
    }
    /// The attachments whose bytes are sealed under the person's key.
    var files: [UUID] { (own + shared).filter { $0.type == "attachment.registered" }.map(\.stream) }

    /// What the person did, and from where.
    var deeds: JSON {
        let sorted = origins.values.sorted { $0.first < $1.first }
        return [
            "events": .integer(Int64(acts)),
            "origins": .array(
                sorted.map { seen in
                    .object(
                        (seen.origin.object ?? [:]).merging([
                            "events": .integer(Int64(seen.events)), "first_at": .string(seen.first.text),
                            "last_at": .string(seen.last.text),
                        ]) { $1 })
                }),
        ]
    }
}
