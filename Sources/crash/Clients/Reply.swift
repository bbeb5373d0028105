import FoundationEssentials
import Kernel

/// What a client hears, or does not.
enum Reply: Sendable, Hashable {
    /// It is committed.
    case done(Done)
    /// It is refused for good: a repeat gets the same answer.
    case refused(code: String)
    /// Nobody knows what became of it; to be repeated under its key.
    case unknown(String)

    struct Done: Sendable, Hashable {
        struct Item: Sendable, Hashable {
            let id: UUID
            let version: Int64
        }
        let position: Int64
        /// 16 hex digits of the leaf hash there.
        let hash: String
        let items: [Item]
    }

    /// Refusals that a server keeps: of `decide` and of claims (DESIGN §3). Everything else is to be repeated.
    static func problem(status: Int, code: String) -> Reply {
        let passing = ["stream.conflict", "idempotency.running", "log.overloaded"]
        // 404: the record went with the state that was restored over it; everywhere else that is a finding.
        return status == 404 || status == 409 && !passing.contains(code)
            ? .refused(code: code) : .unknown("\(status) \(code)")
    }

    var json: JSON {
        switch self {
        case .done(let done):
            [
                "position": .integer(done.position), "hash": .string(done.hash),
                "items": .array(done.items.map { [.string($0.id.text), .integer($0.version)] }),
            ]
        case .refused(let code): ["refused": .string(code)]
        case .unknown(let why): ["unknown": .string(why)]
        }
    }

    init(_ json: JSON) {
        if let code = json["refused"]?.string {
            self = .refused(code: code)
        } else if let position = json["position"]?.integer, let hash = json["hash"]?.string {
            let items = (json["items"]?.array ?? []).compactMap { item -> Done.Item? in
                guard let pair = item.array, pair.count == 2, let id = pair[0].id, let version = pair[1].integer
                else { return nil }
                return Done.Item(id: id, version: version)
            }
            self = .done(Done(position: position, hash: hash, items: items))
        } else {
            self = .unknown(json["unknown"]?.string ?? "no answer")
        }
    }

    var isFinal: Bool {
        switch self {
        case .done, .refused: true
        case .unknown: false
        }
    }
}
