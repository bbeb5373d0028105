import Audit
import CRM
import EventLog
import FoundationEssentials
import Kernel
import Postgres
import Vault

/// Compares who holds what is unique with what the streams' states claim. Each stream is folded once; memory depends on
/// the longest one.
struct ClaimAudit {
    private static let eventsAtOnce: Int64 = 5_000
    private static let claimsAtOnce: Int64 = 1_000
    let connection: BlockingConnection
    let organization: UUID
    let keys: OrganizationKeys
    let master: any KeyWrapping
    private var findings: [Finding] = []
    private var matched: Int64 = 0
    /// Who holds what is another's, as that one's finding tells.
    private var disputed: Set<Place> = []

    /// What is unique, as the table keeps it.
    private struct Key: Hashable {
        let scope: String
        let digest: [UInt8]
    }
    /// A value and who holds it.
    private struct Place: Hashable {
        let key: Key
        let stream: UUID
    }
    /// What a stream claims, and where it last changed.
    private struct Held {
        let stream: UUID
        let position: Position
        let keys: [Key]
    }

    /// - Parameter connection: of the worker; its transaction is the snapshot.
    init(
        _ connection: BlockingConnection, _ organization: UUID, _ keys: OrganizationKeys, _ master: any KeyWrapping
    ) {
        (self.connection, self.organization, self.keys, self.master) = (connection, organization, keys, master)
    }

    /// What differs.
    mutating func run() throws -> [Finding] {
        var last = (stream: UUID.zero, version: Int32(0))
        var history: [RecordedEvent] = []
        var whole: [[RecordedEvent]] = []
        while true {
            let page = try connection.query(
                Statement(SQL.auditStreams) {
                    $0.uuid(organization)
                    $0.uuid(last.stream)
                    $0.int(last.version)
                    $0.bigint(Self.eventsAtOnce)
                })
            for row in page {
                let event = try RecordedEvent(row)
                if let stream = history.first?.stream, stream != event.stream {
                    whole.append(history)
                    history = []
                }
                history.append(event)
                last = (event.stream, event.version)
            }
            let isLast = page.count < Self.eventsAtOnce
            if isLast, !history.isEmpty { whole.append(history) }
            let opening = try opening(whole)
            try compare(try whole.map { try claims(of: $0, opening) })
            whole = []
            if isLast { break }
        }
        let sql = "SELECT count(*) FROM log.claim WHERE organization_id = $1"
        let all = try connection.query(Statement(sql) { $0.uuid(organization) })[0].bigint(0)
        if all != matched { try findExtra() }
        return findings
    }

    // MARK: - What does a stream claim?

    private func claims(of history: [RecordedEvent], _ opening: Opening) throws -> Held {
        guard let last = history.last, let name = last.type.split(separator: ".").first.map(String.init),
            let entity = CRM.entity(named: name)
        else { return Held(stream: history.first?.stream ?? organization, position: 0, keys: []) }
        let claims = try entity.claims(after: history, opening)
        return Held(
            stream: last.stream, position: last.position,
            keys: claims.map { Key(scope: $0.scope, digest: keys.claimDigest(scope: $0.scope, value: $0.value)) })
    }

    /// What opens these events, by the keys that the snapshot shows.
    private func opening(_ histories: [[RecordedEvent]]) throws -> Opening {
        var persons: Set<UUID> = []
        for sealed in histories.joined().compactMap(\.private) {
            persons.formUnion((try? SealedParts.persons(sealed)) ?? [])
        }
        var opening = Opening(upcasts: upcasts)
        if persons.isEmpty { return opening }
        let rows = try connection.query(
            Statement(SQL.auditPersonKeys) {
                $0.uuid(organization)
                $0.uuids(Array(persons))
            })
        for row in rows {
            let (person, wrapped) = (try row.uuid(0), try row.bytea(1))
            opening.keys[person] = PersonKey(bytes: try PersonKeys.unwrap(wrapped, master, organization, person))
        }
        return opening
    }

    // MARK: - Does the table say the same?

    private mutating func compare(_ held: [Held]) throws {
        let wanted = held.flatMap { one in one.keys.map { Place(key: $0, stream: one.stream) } }
        if wanted.isEmpty { return }
        let rows = try connection.query(
            Statement(SQL.auditHolders) {
                $0.uuid(organization)
                $0.texts(wanted.map(\.key.scope))
                $0.byteas(wanted.map(\.key.digest))
                $0.uuids(wanted.map(\.stream))
            })
        var holders: [Place: (stream: UUID, isShared: Bool)] = [:]
        for row in rows {
            let key = Key(scope: try row.text(0), digest: try row.bytea(1))
            holders[Place(key: key, stream: try row.uuid(2))] = (try row.uuid(3), try row.bool(4))
        }
        for one in held {
            for key in one.keys {
                if let words = judge(holders[Place(key: key, stream: one.stream)], of: key, one.stream) {
                    findings.append(Finding(.claim, at: one.position, words))
                }
            }
        }
    }

    /// What is wrong with a claim that a stream has by its events.
    private mutating func judge(_ holder: (stream: UUID, isShared: Bool)?, of key: Key, _ stream: UUID) -> String? {
        guard let holder else { return "nobody holds the \(key.scope) of \(stream.text)" }
        guard holder.stream == stream else {
            disputed.insert(Place(key: key, stream: holder.stream))
            return "\(holder.stream.text) holds the \(key.scope) that is \(stream.text)'s by its events"
        }
        matched += 1
        guard holder.isShared, !EmailPolicy.scopes.contains(key.scope) else { return nil }
        return "\(stream.text) holds a \(key.scope) beside others, which is one record's alone"
    }

    /// Somebody holds what the events do not give: only now is each claim looked at.
    private mutating func findExtra() throws {
        var last = (key: Key(scope: "", digest: []), sharer: UUID.zero)
        var holders: Set<UUID> = []
        while true {
            let page = try connection.query(
                Statement(SQL.auditClaims) {
                    $0.uuid(organization)
                    $0.text(last.key.scope)
                    $0.bytea(last.key.digest)
                    $0.uuid(last.sharer)
                    $0.bigint(Self.claimsAtOnce)
                })
            for row in page {
                let (key, stream) = (Key(scope: try row.text(0), digest: try row.bytea(1)), try row.uuid(2))
                if key != last.key { holders = [] }
                last = (key, try row.uuid(3))
                let isFirst = holders.insert(stream).inserted
                if disputed.contains(Place(key: key, stream: stream)) { continue }
                var history: [RecordedEvent] = []
                let events = Statement(SQL.auditStream) {
                    $0.uuid(organization)
                    $0.uuid(stream)
                }
                for row in try connection.query(events) { history.append(try RecordedEvent(row)) }
                let held = try claims(of: history, try opening([history]))
                if history.isEmpty || !held.keys.contains(key) || !isFirst {
                    let words =
                        isFirst
                        ? "\(stream.text) holds a \(key.scope) that it does not have by its events"
                        : "\(stream.text) holds a \(key.scope) twice"
                    findings.append(Finding(.claim, at: held.position, words))
                }
            }
            if page.count < Self.claimsAtOnce { break }
        }
    }
}

extension Entity {
    /// What a record claims after its history.
    fileprivate static func claims(after history: [RecordedEvent], _ opening: Opening) throws(Problem)
        -> Set<Kernel.Claim>
    {
        let loaded = try load(history, opening)
        guard let state = loaded.state as? State else { throw .fault }
        return loaded.isErased ? [] : claims(state)
    }
}

extension UUID {
    fileprivate static let zero = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
}
