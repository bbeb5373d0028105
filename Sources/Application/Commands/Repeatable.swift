import CRM
import EventLog
import Foundation
import Kernel
import Synchronization
import Vault

/// A request under an Idempotency-Key: what is kept of it, and the answer that a repeat gets.
struct Repeatable: Sendable {
    let actor: UUID
    let digest: [UInt8]
    let hash: [UInt8]

    init(key: String, asks: [Ask], caller: Caller, keys: OrganizationKeys) {
        actor = caller.actor
        digest = keys.keyDigest(actor: caller.actor, idempotencyKey: key)
        let request: [JSON] = asks.map { ask in
            var target: JSON
            switch ask.target {
            case .new: target = .null
            case .id(let id): target = .string(id.text)
            case .external(let source, let id): target = [.string(source), .string(id)]
            }
            return [
                .string(ask.entity), target, .string(ask.act), ask.body, .string(ask.occurredAt?.text ?? ""),
                .integer(Int64(ask.ifMatch ?? -1)), .bool(ask.replaces),
            ]
        }
        hash = keys.requestHash(method: "command", path: "", body: JSON.array(request).bytes)
    }

    /// What is kept of a success: ids and versions, never a body.
    func outcome(of results: [Answer.Result]) -> Outcome {
        let detail: [JSON] = results.map { result in
            var members: [String: JSON] = [
                "status": .integer(Int64(result.status)), "id": .string(result.id.text),
                "version": .integer(Int64(result.version)), "events": .integer(Int64(result.events)),
            ]
            if !result.made.isEmpty { members["made"] = .array(result.made.map(\.json)) }
            if !result.warnings.isEmpty { members["warnings"] = .array(result.warnings.map(\.json)) }
            return .object(members)
        }
        return Outcome(
            actor: actor, keyDigest: digest, requestHash: hash, status: Int16(results.first?.status ?? 200),
            detail: JSON.object(["results": .array(detail)]).bytes)
    }

    /// What is kept of a refusal.
    func outcome(of problem: Problem) -> Outcome {
        Outcome(
            actor: actor, keyDigest: digest, requestHash: hash, status: Int16(problem.status), code: problem.code,
            detail: JSON.object(["more": .object(problem.more)]).bytes)
    }

    /// The first answer, from what was kept.
    func answer(_ stored: StoredOutcome) throws(Problem) -> Answer {
        guard isEqual(stored.outcome.requestHash, hash) else { throw Problem(AppendError.keyReused) }
        let detail: JSON
        do { detail = try JSON(parsing: stored.outcome.detail) } catch { throw .fault }
        if let code = stored.outcome.code {
            throw Problem(
                code, Int(stored.outcome.status),
                Refusals.sentence(of: code) ?? "This was refused when it was first asked.",
                more: detail["more"]?.object ?? [:])
        }
        let results = (detail["results"]?.array ?? []).compactMap { item -> Answer.Result? in
            guard let status = item["status"]?.integer, let id = item["id"]?.string.flatMap(UUID.init(text:)),
                let version = item["version"]?.integer, let events = item["events"]?.integer
            else { return nil }
            return Answer.Result(
                status: Int(status), id: id, version: Int32(version), events: Int(events),
                made: (item["made"]?.array ?? []).compactMap { Answer.Made($0) },
                warnings: (item["warnings"]?.array ?? []).compactMap { Answer.Warning($0) })
        }
        return Answer(results: results, position: PositionToken(position: stored.position, hash: stored.leaf))
    }
}

extension Answer.Warning {
    /// `{"code","existing_ids"}`.
    public var json: JSON {
        ["code": .string(code), "existing_ids": .array(existing.map { .string($0.text) })]
    }
    init?(_ json: JSON) {
        guard let code = json["code"]?.string else { return nil }
        let ids = (json["existing_ids"]?.array ?? []).compactMap(\.string)
        self.init(code: code, existing: ids.compactMap(UUID.init(text:)))
    }
}

extension Answer.Made {
    /// `{"entity","id","version"}`.
    public var json: JSON {
        ["entity": .string(entity), "id": .string(id.text), "version": .integer(Int64(version))]
    }
    fileprivate init?(_ json: JSON) {
        guard let entity = json["entity"]?.string, let id = json["id"]?.string.flatMap(UUID.init(text:)),
            let version = json["version"]?.integer
        else { return nil }
        self.init(entity: entity, id: id, version: Int32(version))
    }
}

extension Commands {
    /// What the same request was answered when it came before; nil where it has no key, or the key is free.
    /// - Parameter request: by what it is the same, as in `execute`.
    /// - Throws: the earlier refusal, where it was one; `idempotency.key_reused`.
    public func answered(
        _ request: [Ask], by caller: Caller, key: String?
    ) async throws(Problem) -> Answer? {
        guard let key else { return nil }
        let keys = try await organizationKeys(of: caller.organization)
        return try await earlier(
            Repeatable(key: key, asks: request, caller: caller, keys: keys), caller.organization)
    }

    /// The answer of an earlier request under the same key.
    /// - Throws: the earlier refusal, where it was one.
    func earlier(_ repeatable: Repeatable, _ organization: UUID) async throws(Problem) -> Answer? {
        let key = OutcomeKey(organization: organization, actor: repeatable.actor, digest: repeatable.digest)
        let stored = try await lookups.ask(key, of: organization) { [reader] keys throws(Problem) in
            do { return try await reader.outcomes(organization, of: keys) } catch { throw .unavailable }
        }
        return try stored[key].map { stored throws(Problem) in try repeatable.answer(stored) }
    }

    /// What a refusal comes to.
    enum Standing {
        case refused
        /// The streams it was decided on have moved meanwhile.
        case moved
        /// The same request was carried out meanwhile.
        case answered(Answer)
    }

    /// Keeps a refusal that the domain gave, so that a repeat gets it too. What the client can mend is not kept.
    ///
    /// A request may come again while the process that had it first is dead and its commit still under way: then the
    /// key was free when it was looked up, and the unit meets what it wrote itself. So no refusal stands before the key
    /// was looked at once more.
    /// - Throws: an earlier refusal under the same key.
    func standing(
        _ problem: Problem, _ repeatable: Repeatable?, _ known: WorkingSet, _ organization: UUID
    ) async throws(Problem) -> Standing {
        guard let repeatable else { return .refused }
        guard problem.status == 409 || (problem.status == 422 && problem.errors.isEmpty) else {
            return try await earlier(repeatable, organization).map { .answered($0) } ?? .refused
        }
        let versions = known.streams.mapValues(\.version)
        let unit = Unit(
            organization: organization, drafts: [], expected: versions, readAt: known.readAt,
            outcome: repeatable.outcome(of: problem))
        do { _ = try await appender.append(unit) } catch {
            switch error {
            case .repeated(let stored): return .answered(try repeatable.answer(stored))
            case .moved: return .moved
            default: throw Problem(error)
            }
        }
        return .refused
    }
}

/// The keys of requests that this process is carrying out.
final class RunningKeys: Sendable {
    private let digests = Mutex<Set<[UInt8]>>([])

    /// Carries one out.
    /// - Throws: `idempotency.running` where it runs already.
    func once<Value: Sendable>(
        _ digest: [UInt8], _ body: () async throws(Problem) -> Value
    ) async throws(Problem) -> Value {
        guard digests.withLock({ $0.insert(digest).inserted }) else {
            throw Problem(
                "idempotency.running", 409, "A request with this Idempotency-Key is still running.", retryAfter: 1)
        }
        defer { digests.withLock { _ = $0.remove(digest) } }
        return try await body()
    }
}
