import CRM
import FoundationEssentials
import Kernel
import Synchronization
import Vault

/// Takes rows of other systems' files. A client sends the mapping once and the rows in batches; each batch is complete
/// in itself, so that one who is killed at any moment may begin again: what was taken before is found unchanged.
public final class Imports: Sendable {
    let commands: Commands
    private let sessions = Mutex(Sessions())

    /// Imports that act through `commands`.
    public init(commands: Commands) { self.commands = commands }

    /// Rows in one request.
    public static let batch = 500

    // MARK: What is an import to be?

    /// Checks a mapping against a file's header and makes what it brings along: `{mapping, header, file?, dry_run?}`.
    /// The same request gets the same import, also after a restart.
    /// - Returns: `{id, import, mapping, source, entities, created, unused, notes}`; `import` is what is taken back.
    /// - Throws: `mapping.invalid` with all that is wrong, or why what it brings along cannot be made.
    public func open(_ body: JSON, by caller: Caller) async throws(Problem) -> Told {
        let request = try OpenRequest(body)
        let keys = try await commands.organizationKeys(of: caller.organization)
        let id = request.id(keys)
        let (whole, same) = (request.partOf ?? id, request.same)
        let caller = caller.importing(whole)
        var settings = try await settings(of: caller.organization)
        (settings.pipelines, settings.callingCode) = (request.pipelines, request.callingCode)
        let mapping = try Mapping.read(
            request.mapping, header: request.header, settings: settings, defining: request.toDefine)
        var planner = RowPlanner(mapping: mapping, settings: settings) { source, entity, key in
            // A record of another source is not meant, whatever its key.
            guard source == mapping.source, let known = same[entity]?[key] else {
                return keys.importID(source: source, entity: entity, externalID: key)
            }
            switch known {
            case .id(let id): return id
            case .key(let other): return keys.importID(source: source, entity: entity, externalID: other)
            }
        }
        let prepared = try await prepare(planner, by: caller, dryRun: request.dryRun)
        planner.meant = try await stages(planner, by: caller, dryRun: request.dryRun)
        let session = ImportSession(
            id: id, whole: whole, organization: caller.organization, planner: planner,
            width: request.header.count, dryRun: request.dryRun, assumed: request.dryRun ? prepared.asks : [],
            imagined: request.partOf.flatMap { known($0, caller.organization) } ?? Imagined())
        sessions.withLock { $0.keep(session) }
        let unused = mapping.unused.filter { request.filled?.contains($0) ?? true }
        let told: JSON = [
            "id": .string(session.id.text), "mapping": .string(mapping.name), "source": .string(mapping.source),
            "entities": .array(mapping.written.sorted().map(JSON.string)), "created": .array(prepared.created),
            "notes": .array((prepared.notes + Self.note(unused)).map(JSON.string)), "import": .string(whole.text),
            "unused": .array(unused.map(JSON.string)),
        ]
        return Told(body: told, position: try await commands.head(of: session.organization))
    }

    private func known(_ whole: UUID, _ organization: UUID) -> Imagined? {
        sessions.withLock { $0.imagined(whole, organization) }
    }

    private static func note(_ unused: [String]) -> [String] {
        unused.isEmpty ? [] : ["No column is taken from \(unused.joined(separator: ", "))."]
    }

    /// Takes a batch of rows: `{rows: [[…]], lines?: […], first?, final?, taken?: […]}`.
    /// - Returns: `{rows, accepted, unchanged, events, rejected, postponed, created, notes, accepted_lines, left_out,
    ///   untold}`; `untold` are lines whose past is told when a record is made, and whose record was here before.
    /// - Throws: `import.not_found` (404) where this process does not know the import: the client opens it again.
    public func take(_ id: UUID, _ body: JSON, by caller: Caller) async throws(Problem) -> Told {
        guard let session = sessions.withLock({ $0[id] }), session.organization == caller.organization else {
            throw .absent("import")
        }
        let request = try RowsRequest(body, width: session.width)
        let caller = caller.importing(session.whole)
        var batch = Batch(session: session, caller: caller, commands: commands, request: request)
        return Told(body: try await batch.run(), position: try await commands.head(of: session.organization))
    }

    private func settings(of organization: UUID) async throws(Problem) -> ImportSettings {
        var known = WorkingSet(readAt: .max)
        let definitions = FieldSet.customizable.map { ($0, FieldSet.id(of: $0)) }
        let references =
            [Reference(Organization.self, organization)] + definitions.map { Reference(FieldSet.self, $0.1) }
        try await commands.load(references, into: &known, organization)
        guard let state = known.streams[organization]?.state as? Organization.State,
            let record = Organization.record(state)
        else { throw .absent(Organization.name) }
        var settings = ImportSettings(
            zone: record.text("time_zone") ?? "UTC", currency: record.text("currency").flatMap { Currency($0) })
        for (entity, id) in definitions {
            guard let fields = known.streams[id]?.state as? FieldSet.State else { continue }
            settings.custom[entity] = fields.inUse.mapValues(\.kind)
        }
        return settings
    }
}

extension Caller {
    /// The same person, importing: each event says by which import it came.
    func importing(_ id: UUID) -> Caller {
        Caller(
            organization: organization, actor: actor, kind: .import, role: role, channel: .import, request: request,
            origin: origin, importing: id)
    }
}

/// One file with one mapping.
struct ImportSession: Sendable {
    let id: UUID
    /// The import of which it is a part; its own id where it is none. Events say it.
    let whole: UUID
    let organization: UUID
    let planner: RowPlanner
    /// Fields in a row.
    let width: Int
    let dryRun: Bool
    /// In a dry run, what its commands stand on: the pipeline and the fields that the mapping would make.
    let assumed: [Ask]
    /// In a dry run, the records that rows so far would have made, those of the import's other files among them.
    let imagined: Imagined
}

/// Records that a dry run would have made.
final class Imagined: Sendable {
    private let ids = Mutex<(all: Set<UUID>, tags: Bool)>(([], false))
    /// All of `candidates` that are among them.
    func among(_ candidates: [UUID]) -> Set<UUID> { ids.withLock { $0.all.intersection(candidates) } }
    /// Whether there are tags among them.
    var hasTags: Bool { ids.withLock { $0.tags } }
    func add(_ id: UUID, isTag: Bool) {
        ids.withLock {
            $0.all.insert(id)
            if isTag { $0.tags = true }
        }
    }
}

/// The imports that this process knows; the one not used for longest is forgotten, and opened again by its client.
private struct Sessions {
    private static let most = 64
    private var sessions: [UUID: (session: ImportSession, used: Int)] = [:]
    private var uses = 0

    subscript(id: UUID) -> ImportSession? {
        mutating get {
            guard let known = sessions[id] else { return nil }
            uses += 1
            sessions[id]?.used = uses
            return known.session
        }
    }
    /// What the dry run of the import's first file, and of those after it, would have made.
    func imagined(_ whole: UUID, _ organization: UUID) -> Imagined? {
        guard let first = sessions[whole]?.session, first.organization == organization, first.dryRun else { return nil }
        return first.imagined
    }

    mutating func keep(_ session: ImportSession) {
        uses += 1
        if sessions.count == Self.most, let oldest = sessions.min(by: { $0.value.used < $1.value.used }) {
            sessions[oldest.key] = nil
        }
        sessions[session.id] = (session, uses)
    }
}
