import FoundationEssentials
import Kernel
import Postgres

/// Reads the logs.
///
/// Over a worker's connection it reads any organization's. Over the app's or an auditor's (`scoped`) each question says
/// which organization it is about, row-level security answers that one's rows only, and what asks for several gets
/// none.
public struct LogReader: Sendable {
    private let connection: PipelinedConnection
    private let copies: BlockingPool?
    private let isScoped: Bool

    /// Reads over `connection`; `copies` is for `copy` alone.
    public init(_ connection: PipelinedConnection, copies: BlockingPool? = nil, scoped: Bool = false) {
        self.connection = connection
        self.copies = copies
        isScoped = scoped
    }

    // MARK: - How far does a log go?

    /// The head of an organization's log; `.empty` where it has none.
    public func head(_ organization: UUID) async throws(PostgresError) -> Head {
        try await run(organization, [.heads(of: [organization])])[0].heads()[organization] ?? .empty
    }

    /// The heads of several logs, empty ones included.
    public func heads(_ organizations: [UUID]) async throws(PostgresError) -> [UUID: Head] {
        if organizations.isEmpty { return [:] }
        return try await connection.query(.heads(of: organizations)).heads()
    }

    /// The heads of all logs that have an event: some microseconds for each.
    public func heads() async throws(PostgresError) -> [UUID: Head] {
        try await connection.query(Statement(SQL.listHeads)).heads()
    }

    /// Those of the logs that go further than the positions given.
    public func heads(beyond positions: [UUID: Position]) async throws(PostgresError) -> [UUID: Head] {
        if positions.isEmpty { return [:] }
        let all = Array(positions)
        let statement = Statement(SQL.grownHeads) {
            $0.uuids(all.map(\.key))
            $0.bigints(all.map(\.value))
        }
        return try await connection.query(statement).heads()
    }

    /// All organizations that have an event, in order of id.
    public func organizations() async throws(PostgresError) -> [UUID] {
        try await heads().keys.sorted()
    }

    /// The leaf hash at a position: 32 bytes, zeros at position 0; nil where the log does not go so far.
    public func leafHash(_ organization: UUID, at position: Position) async throws(PostgresError) -> [UInt8]? {
        if position == 0 { return Head.empty.leaf }
        return try await run(organization, [.leaf(of: organization, at: position)])[0].first?.bytea(0)
    }

    // MARK: - What happened?

    /// A stream's events after `version`, in order, at most `limit`.
    public func stream(
        _ organization: UUID, _ id: UUID, after version: Int32 = 0, limit: Int = .max
    ) async throws(PostgresError) -> [RecordedEvent] {
        let statement = Statement(SQL.readStream) {
            $0.uuid(organization)
            $0.uuid(id)
            $0.int(version)
            $0.bigint(Int64(limit))
        }
        return try await run(organization, [statement])[0].events()
    }

    /// Several streams at once, for a decision: `head.position` is the `readAt` of the unit that comes of it.
    public func streams(_ organization: UUID, _ ids: [UUID]) async throws(PostgresError) -> LoadedStreams {
        let statement = Statement(SQL.loadStreams) {
            $0.uuid(organization)
            $0.uuids(ids)
        }
        // The head first, by a snapshot of its own: the streams may be newer than it and never older, which is the
        // direction in which the appender's comparison is right.
        let results = try await run(organization, [.heads(of: [organization]), statement])
        var loaded = LoadedStreams(head: try results[0].heads()[organization] ?? .empty, events: [:])
        for id in ids { loaded.events[id] = [] }
        for event in try results[1].events() { loaded.events[event.stream, default: []].append(event) }
        return loaded
    }

    /// How far each of these streams goes, and whether one command wrote to it after `position`.
    public func traces(
        _ organization: UUID, of command: UUID, after position: Position = 0, in ids: [UUID]
    ) async throws(PostgresError) -> [UUID: StreamTrace] {
        let statement = Statement(SQL.traceStreams) {
            $0.uuid(organization)
            $0.uuids(ids)
            $0.uuid(command)
            $0.bigint(position)
        }
        var traces: [UUID: StreamTrace] = [:]
        for row in try await run(organization, [statement])[0] {
            let written = try row.int(orNil: 3)
            let position = try row.bigint(orNil: 4)
            traces[try row.uuid(0)] = StreamTrace(
                type: try row.text(orNil: 1), version: try row.int(2),
                written: written.flatMap { version in position.map { (version: version, position: $0) } })
        }
        return traces
    }

    /// The streams that an import wrote to, each once, where it did so last: the latest first, those before a position,
    /// at most `limit`.
    /// - Parameter command: the one that takes the import back; its events are not the import's.
    public func imported(
        _ organization: UUID, by imported: UUID, but command: UUID, before position: Position, limit: Int
    ) async throws(PostgresError) -> [ImportedStream] {
        let statement = Statement(SQL.importedStreams) {
            $0.uuid(organization)
            $0.uuid(imported)
            $0.uuid(command)
            $0.bigint(position)
            $0.bigint(Int64(limit))
        }
        var streams: [ImportedStream] = []
        for row in try await run(organization, [statement])[0] {
            streams.append(
                ImportedStream(id: try row.uuid(0), entity: try row.text(2), position: try row.bigint(1)))
        }
        return streams
    }

    /// An organization's events after a position, in order, at most `limit`.
    public func page(
        _ organization: UUID, after position: Position, limit: Int
    ) async throws(PostgresError) -> [RecordedEvent] {
        let statement = Statement(SQL.readPage) {
            $0.uuid(organization)
            $0.bigint(position)
            $0.bigint(Int64(limit))
        }
        return try await run(organization, [statement])[0].events()
    }

    /// An organization's events after a position and up to another, in order, each as soon as it comes: for rebuilds
    /// and exports. `body` runs on the thread of a connection of `copies`.
    public func copy(
        _ organization: UUID, after position: Position = 0, through last: Position = .max,
        _ body: @escaping @Sendable (RecordedEvent) throws -> Void
    ) async throws {
        try await copyRows(organization, after: position, through: last) { try body(RecordedEvent(&$0)) }
    }

    /// As `copy`, with the fields as they come: organization_id, position, stream_id, version, type, schema, data,
    /// private, meta, occurred_at, recorded_at, actor_id, command_id, command_index, merkle.
    public func copyRows(
        _ organization: UUID, after position: Position = 0, through last: Position = .max,
        _ body: @escaping @Sendable (inout CopyRow) throws -> Void
    ) async throws {
        guard let copies else { throw PostgresError(.closed, "this reader was given no connections for COPY") }
        let sql = SQL.copyEvents.replacing("{organization}", with: organization.text)
            .replacing("{after}", with: String(position)).replacing("{through}", with: String(last))
        let scope = isScoped ? Statement(Self.scope) { $0.text(organization.text) } : nil
        try await copies.run { connection in
            try connection.transaction(readOnly: true) {
                if let scope { try connection.query(scope) }
                try connection.copyOut(sql) { bytes in
                    var row = CopyRow(bytes)
                    try body(&row)
                }
            }
        }
    }

    // MARK: - What is kept beside the events?

    /// What became of the command that carried this key, if it is known.
    public func outcome(
        _ organization: UUID, actor: UUID, keyDigest: [UInt8]
    ) async throws(PostgresError) -> StoredOutcome? {
        let key = OutcomeKey(organization: organization, actor: actor, digest: keyDigest)
        return try await outcomes(organization, of: [key])[key]
    }

    /// What became of those of an organization's commands that are known.
    public func outcomes(
        _ organization: UUID, of keys: [OutcomeKey]
    ) async throws(PostgresError) -> [OutcomeKey: StoredOutcome] {
        try await run(organization, [.outcomes(of: keys)])[0].outcomes()
    }

    /// Who holds the values asked: of each who holds it alone, then who holds it beside, a hundred at most.
    public func holders(
        _ organization: UUID, _ values: [(scope: String, digest: [UInt8])]
    ) async throws(PostgresError) -> [Claim] {
        try await run(organization, [.holders(organization, of: values)])[0].holders()
    }

    // MARK: - What do these stand on?

    private static let scope = "SELECT set_config('daybook.organization', $1, true)"

    private func run(_ organization: UUID, _ statements: [Statement]) async throws(PostgresError) -> [Result] {
        guard isScoped else { return try await connection.run(statements) }
        let scope = Statement(Self.scope) { $0.text(organization.text) }
        return Array(try await connection.run([scope] + statements).dropFirst())
    }
}

/// How far a stream goes, and what one command wrote to it.
public struct StreamTrace: Sendable {
    /// The stored name of its first event; nil where it has none.
    public let type: String?
    /// Its version; 0 where it has no events.
    public let version: Int32
    /// The version and the position of the command's last event in it.
    public let written: (version: Int32, position: Position)?
}

/// A stream that an import wrote to.
public struct ImportedStream: Sendable {
    /// The stream.
    public let id: UUID
    /// What it is: "deal".
    public let entity: String
    /// Where the import wrote to it last.
    public let position: Position
}

/// Streams that were read together.
public struct LoadedStreams: Sendable {
    /// A head that is not newer than the streams.
    public var head: Head
    /// The events of each stream asked for, in order; empty where it has none.
    public var events: [UUID: [RecordedEvent]]

    /// Streams and their head.
    public init(head: Head, events: [UUID: [RecordedEvent]]) {
        self.head = head
        self.events = events
    }
}
