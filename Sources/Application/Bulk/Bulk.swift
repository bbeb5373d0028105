import CRM
import EventLog
public import FoundationEssentials
import Kernel
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
            let part = BulkPart(
                id: id, key: key, hash: hash, from: request.from, dryRun: request.dryRun, caller: caller, keys: keys)
            let record = try await begin(part) { () throws(Problem) in
                let ids = try await chosen(by: request, caller)
                if request.isWhole, ids.count > Self.page { throw .tooMany(for: "one unit", Self.page) }
                return BulkRecord(id: id, entity: request.entity.name, act: request.act, ids: ids)
            }
            return try await tell(part, of: record, isWhole: request.isWhole) { page, caller throws(Problem) in
                if request.isWhole { return try await whole(page, of: request, in: record, caller, keys) }
                return try await each(page, of: request.entity, in: record, caller, dryRun: request.dryRun) {
                    open, traces in
                    open.map { .asked([request.ask(of: $0, at: traces[$0])]) }
                }
            }
        }
    }

    /// How far an act is: `{"id","entity","act","undoes","asked","done","position"}`.
    /// - Throws: `bulk.not_found` where there is none, or none any more.
    public func progress(_ id: UUID, by caller: Caller) async throws(Problem) -> Told {
        let keys = try await commands.organizationKeys(of: caller.organization)
        let record = try await record(id, caller, keys)
        let traces = try await traces(of: record, in: record.ids, caller)
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
        return try await commands.running.once(digest) { () throws(Problem) in
            try await body(keys.commandID(actor: caller.actor, idempotencyKey: name))
        }
    }

    /// Which records the act is about: those that an earlier request kept, else those that `made` finds, which are kept
    /// before the first of them is touched.
    /// - Throws: `bulk.key_required` where no later request could go on; `body.invalid` where one goes on with what was
    ///   not begun.
    func begin(
        _ part: BulkPart, _ made: () async throws(Problem) -> BulkRecord
    ) async throws(Problem) -> BulkRecord {
        if part.dryRun { return try await made() }
        if let kept = try await earlier(part) { return kept }
        guard part.from == 0 else {
            guard part.key != nil else { throw .keyRequired("Only an act with an Idempotency-Key goes on.") }
            let why = "nothing was begun under this Idempotency-Key in the last 30 days; begin with 0"
            throw .invalid([Flaw("/from", "not_allowed", why)])
        }
        let record = try await made()
        if part.key == nil, record.ids.count > Self.page {
            throw .keyRequired("These are \(record.ids.count) records, \(Self.page) in a request.")
        }
        return try await keep(record, part)
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

    /// Deals with a page of the records, and tells what became of each; where it was told before, the same again.
    /// - Parameter isWhole: whether one that is refused hinders all.
    /// - Throws: `bulk.refused` where one does.
    func tell(
        _ part: BulkPart, of record: BulkRecord, isWhole: Bool = false,
        _ body: ([UUID], Caller) async throws(Problem) -> [BulkItem]
    ) async throws(Problem) -> Told {
        do throws(Problem) {
            var answer = try await answered(part, of: record)
            if answer == nil {
                let items = try await body(record.page(from: part.from), part.caller.carryingOut(record.id))
                answer = try await keep(items, part, of: record)
            }
            guard let answer else { throw .fault }
            return try told(record, part, answer, isWhole: isWhole)
        } catch {
            throw error.status < 500 || part.dryRun ? error : error.breakingOff(record.id)
        }
    }

    private func told(
        _ record: BulkRecord, _ part: BulkPart, _ answer: BulkAnswer, isWhole: Bool
    ) throws(Problem) -> Told {
        let (items, head) = (answer.items, answer.position)
        let page = Array(record.ids.dropFirst(part.from).prefix(items.count))
        let refused = zip(page, items).filter { $0.1.word == "refused" }
        guard !isWhole || refused.isEmpty else {
            throw .refusedWhole(refused, of: page.count, request: part.caller.request)
        }
        let end = part.from + page.count
        var body = record.said
        if part.dryRun { body["id"] = .null }
        body["dry_run"] = part.dryRun ? true : nil
        body["from"] = .integer(Int64(part.from))
        for (name, count) in BulkItem.counts(items) { body[name] = .integer(Int64(count)) }
        body["results"] = .array(zip(page, items).map { $1.json(of: $0, request: part.caller.request) })
        body["next"] = end < record.ids.count ? .integer(Int64(end)) : .null
        body["position"] = .integer(head.position)
        return Told(body: .object(body), position: head)
    }
}

/// A request for a page of an act.
struct BulkPart: Sendable {
    /// The act's.
    let id: UUID
    let key: String?
    /// By what it is the same request.
    let hash: [UInt8]
    /// How many of the records earlier requests dealt with.
    let from: Int
    let dryRun: Bool
    let caller: Caller
    let keys: OrganizationKeys
}

extension BulkRequest {
    /// The act, of one of the records as it was found: what happens meanwhile is looked at again.
    func ask(of id: UUID, at trace: StreamTrace?) -> Ask {
        Ask(entity.name, .id(id), act, body, ifMatch: trace?.version)
    }
}

extension Caller {
    /// The same person, carrying out an act on many records: each event says which, and which import it takes back.
    func carryingOut(_ act: UUID, takingBack imported: UUID? = nil) -> Caller {
        Caller(
            organization: organization, actor: actor, kind: kind, role: role, channel: channel, request: request,
            origin: origin, importing: imported, correlation: act.text)
    }
}

extension Problem {
    static func tooMany(for what: String, _ most: Int) -> Problem {
        Problem("bulk.too_many", 422, "More than \(most) records are meant, too many for \(what); narrow the filter.")
    }

    fileprivate static func keyRequired(_ why: String) -> Problem {
        Problem("bulk.key_required", 428, "\(why) Send an Idempotency-Key with the first request and all others.")
    }

    /// What failed is not the fault of single records, and some of them may be done by then.
    fileprivate func breakingOff(_ act: UUID) -> Problem {
        let detail =
            "It broke off (\(code)), and what was done until then stands: GET /api/v1/bulk/\(act.text) tells how far "
            + "it is. Under its Idempotency-Key the same request does the rest."
        return Problem(
            code, status, detail, more: more.merging(["id": .string(act.text)]) { $1 }, retryAfter: retryAfter)
    }
}
