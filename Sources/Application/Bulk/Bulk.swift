import CRM
import EventLog
public import FoundationEssentials
public import Kernel
import Vault

/// One act on many records: those that are named, or those that a list finds.
///
/// Which records are meant is decided once and kept under the act's id. Then each of them is a unit of its own with a
/// result of its own, a page of them in each request, and all their events name the act. A request that is repeated
/// finds in the log what it did before: killed at any moment and asked again under its Idempotency-Key, the act comes
/// to the same end.
public struct Bulk: Sendable {
    let commands: Commands
    let queries: Queries
    /// The parameters that a filter writes as one does in an address.
    let parse: @Sendable (String) throws(Problem) -> [Parameter]

    /// Records of one act.
    public static let most = 10_000
    /// Records of one request.
    public static let page = 500

    static let from = Field("from", .integer(0...Int64(most)))

    /// - Parameter parse: reads a filter, as requests are read.
    public init(
        commands: Commands, queries: Queries, parse: @escaping @Sendable (String) throws(Problem) -> [Parameter]
    ) {
        (self.commands, self.queries, self.parse) = (commands, queries, parse)
    }

    /// What became of a request, and where the log is after it.
    public struct Told: Sendable {
        /// The answer's members.
        public let body: JSON
        /// The log's head.
        public let position: PositionToken
    }

    /// Asks an act of many records, or of the next page of them.
    /// - Parameter key: the Idempotency-Key; what takes several requests needs one.
    /// - Returns: `{"id","entity","act","asked","done","unchanged","refused","results","next","position"}`, all but
    ///   `asked` of this page.
    /// - Throws: `bulk.too_many`, `bulk.key_required`, `bulk.refused`, or what refuses the whole request.
    public func run(_ request: BulkRequest, by caller: Caller, key: String? = nil) async throws(Problem) -> Told {
        try request.entity.permit(caller)
        let keys = try await commands.organizationKeys(of: caller.organization)
        let hash = keys.requestHash(method: "bulk", path: "", body: request.said.bytes)
        return try await running(key, "bulk", caller, keys, dryRun: request.dryRun) { id throws(Problem) in
            let kept = try await earlier(id, hash, caller, keys)
            let ids: [UUID]
            if let kept { ids = kept.ids } else { ids = try await chosen(by: request, caller) }
            if request.isWhole, ids.count > Self.page { throw .tooMany(for: "one unit", Self.page) }
            let record = BulkRecord(id: id, entity: request.entity.name, act: request.act, ids: ids)
            try await begin(record, kept, hash, key, caller, keys, dryRun: request.dryRun)
            let page = record.page(from: request.from)
            let caller = caller.carryingOut(id)
            let items: [BulkItem]
            if request.isWhole {
                items = try await whole(page, of: request, as: id, caller, keys)
            } else {
                items = try await each(page, of: request.entity, as: id, caller, dryRun: request.dryRun) {
                    open, traces in
                    open.map { .asked([request.ask(of: $0, at: traces[$0])]) }
                }
            }
            return try await told(record, request.from, page, items, caller, dryRun: request.dryRun)
        }
    }

    /// How far an act is: `{"id","entity","act","undoes","asked","done","position"}`.
    /// - Throws: `bulk.not_found` where there is none, or none any more.
    public func progress(_ id: UUID, by caller: Caller) async throws(Problem) -> Told {
        let keys = try await commands.organizationKeys(of: caller.organization)
        let record = try await record(id, caller, keys)
        let traces = try await traces(of: id, in: record.ids, caller)
        let head = try await commands.head(of: caller.organization)
        let done = traces.values.reduce(into: 0) { $0 += $1.written == nil ? 0 : 1 }
        var body = record.said
        body["done"] = .integer(Int64(done))
        body["position"] = .integer(head.position)
        return Told(body: .object(body), position: head)
    }

    // MARK: Which act is it?

    /// Does `body` under the act's id: the same for the same key, and twice at a time for nobody.
    func running(
        _ key: String?, _ kind: String, _ caller: Caller, _ keys: OrganizationKeys, dryRun: Bool,
        _ body: (UUID) async throws(Problem) -> Told
    ) async throws(Problem) -> Told {
        guard let key, !dryRun else { return try await body(commands.fresh()) }
        // A client's own keys have no space in them.
        let name = "\(kind) \(key)"
        let digest = keys.keyDigest(actor: caller.actor, idempotencyKey: name)
        guard commands.running.begin(digest) else {
            throw Problem(
                "idempotency.running", 409, "A request with this Idempotency-Key is still running.", retryAfter: 1)
        }
        defer { commands.running.end(digest) }
        return try await body(keys.commandID(actor: caller.actor, idempotencyKey: name))
    }

    /// Keeps which records are meant, before the first of them is touched.
    func begin(
        _ record: BulkRecord, _ kept: BulkRecord?, _ hash: [UInt8], _ key: String?, _ caller: Caller,
        _ keys: OrganizationKeys, dryRun: Bool
    ) async throws(Problem) {
        guard kept == nil, !dryRun else { return }
        if key == nil, record.ids.count > Self.page {
            throw Problem(
                "bulk.key_required", 428,
                "These are \(record.ids.count) records, \(Self.page) in a request: send an Idempotency-Key to go on by."
            )
        }
        try await keep(record, hash, caller, keys)
    }

    // MARK: Which records are meant?

    private func chosen(by request: BulkRequest, _ caller: Caller) async throws(Problem) -> [UUID] {
        switch request.records {
        case .named(let ids): return ids
        case .found(let filter):
            let parameters = try parse(filter)
            if let own = parameters.first(where: { Self.own.contains($0.name) }) {
                throw .invalid([Flaw("/filter", "not_allowed", "leave out \(own.name): it does not say which records")])
            }
            guard parameters.contains(where: { $0.name != "sort" }) else {
                throw .invalid([Flaw("/filter", "required", "say which records are meant; archived=false are all")])
            }
            let head = try await commands.head(of: caller.organization)
            let ids = try await queries.ids(
                request.entity, parameters, most: Self.most, by: caller, min: head)
            guard ids.count <= Self.most else { throw .tooMany(for: "one act", Self.most) }
            return ids
        }
    }
    private static let own = [
        "fields", "include", "limit", "cursor", "page", "page_size", "total", "as_of", "as_known",
    ]

    // MARK: What is told?

    func told(
        _ record: BulkRecord, _ from: Int, _ page: [UUID], _ items: [BulkItem], _ caller: Caller, dryRun: Bool
    ) async throws(Problem) -> Told {
        let head = try await commands.head(of: caller.organization)
        let end = from + page.count
        var body = record.said
        if dryRun { body["id"] = .null }
        body["dry_run"] = dryRun ? true : nil
        body["from"] = .integer(Int64(from))
        for (name, count) in BulkItem.counts(items) { body[name] = .integer(Int64(count)) }
        body["results"] = .array(zip(page, items).map { $1.json(of: $0, request: caller.request) })
        body["next"] = end < record.ids.count ? .integer(Int64(end)) : .null
        body["position"] = .integer(head.position)
        return Told(body: .object(body), position: head)
    }
}

extension BulkRequest {
    /// The act, of one of the records as it was found: what happens meanwhile is looked at again.
    func ask(of id: UUID, at trace: StreamTrace?) -> Ask {
        Ask(entity.name, .id(id), act, body, ifMatch: trace?.version)
    }
}

extension Caller {
    /// The same person, carrying out an act on many records: each event says which.
    func carryingOut(_ act: UUID) -> Caller {
        Caller(
            organization: organization, actor: actor, kind: kind, role: role, channel: channel, request: request,
            origin: origin, correlation: act.text)
    }
}

extension Problem {
    static func tooMany(for what: String, _ most: Int) -> Problem {
        Problem("bulk.too_many", 422, "More than \(most) records are meant, too many for \(what); narrow the filter.")
    }
}
