import EventLog
import FoundationEssentials
import Kernel

/// One log, and what can be said of it.
struct LogAccount {
    private let organization: UUID
    private let log: [RecordedEvent]
    /// The events of each command, in order.
    private let units: [UUID: [RecordedEvent]]
    /// The commands whose events bear a token.
    private let commands: [String: [UUID]]
    /// Why a client may be refused.
    private let refusals: Set<String>

    init(_ organization: UUID, _ log: [RecordedEvent], refusals: Set<String>) {
        (self.organization, self.log, self.refusals) = (organization, log, refusals)
        units = Dictionary(grouping: log, by: \.command)
        var commands: [String: [UUID]] = [:]
        for event in log {
            if let token = Self.token(of: event) { commands[token, default: []].append(event.command) }
        }
        self.commands = commands
    }

    private static func token(of event: RecordedEvent) -> String? {
        guard let data = try? JSON(parsing: event.data) else { return nil }
        switch event.type {
        case "account.created": return data["name"]?.string
        case "account.edited": return data["set"]?["industry"]?.string
        case "contact.created": return data["lead_source"]?.string
        case _: return nil
        }
    }

    private func finding(_ kind: Finding.Kind, _ detail: String) -> Finding {
        Finding(kind, "\(organization.text): \(detail)")
    }

    // MARK: - Does the log agree with itself?

    var findings: [Finding] {
        var findings: [Finding] = []
        let positions = log.map(\.position)
        if positions != Array(1...Int64(max(1, log.count))).prefix(log.count).map({ $0 }) {
            let wrong = zip(positions, 1...).first { $0 != Int64($1) }
            findings.append(finding(.positions, "position \(wrong?.0 ?? 0) where \(wrong?.1 ?? 0) should be"))
        }
        var frontier = Frontier.empty
        let changed = log.first { frontier.append(leaf: MerkleTree.leaf($0.line)) != $0.merkle }
        if let changed { findings.append(finding(.hashes, "not those of the line at \(changed.position)")) }
        if let back = zip(log, log.dropFirst()).first(where: { $0.recordedAt > $1.recordedAt }) {
            findings.append(finding(.order, "time goes back at \(back.1.position)"))
        }
        for (stream, events) in Dictionary(grouping: log, by: \.stream)
        where events.map(\.version) != events.indices.map({ Int32($0 + 1) }) {
            findings.append(finding(.order, "stream \(stream.text) has versions \(events.map(\.version))"))
        }
        return findings
    }

    // MARK: - Does it hold what was acknowledged?

    func findings(of entries: [Journal.Entry]) -> [Finding] {
        strangers(entries)
            + entries.filter { $0.errand.household.organization == organization }.flatMap { entry -> [Finding] in
                guard let first = entry.replies.first else { return [] }
                var findings: [Finding] = []
                if let other = entry.replies.first(where: { $0 != first }) {
                    findings.append(
                        finding(.answer, "\(entry.errand.key) was answered \(first.json.text), then \(other.json.text)")
                    )
                }
                switch first {
                case .done(let done): findings += unit(entry.errand, done)
                case .refused(let code): findings += absent(entry.errand, code)
                case .unknown: break
                }
                return findings
            }
    }

    private func unit(_ errand: Errand, _ done: Reply.Done) -> [Finding] {
        let found = errand.orders.map { commands[$0.token] ?? [] }
        guard found.allSatisfy({ $0.count == 1 }), Set(found.flatMap { $0 }).count == 1,
            let events = units[found[0][0]]
        else {
            let counts = zip(errand.orders, found).map { "\($0.token) \($1.count) times" }.joined(separator: ", ")
            return [finding(.unit, "\(errand.key), acknowledged at \(done.position): \(counts)")]
        }
        let isWhole =
            events.map(\.index) == events.indices.map { Int16($0) }
            && zip(events, events.dropFirst()).allSatisfy { $0.position + 1 == $1.position }
        guard isWhole, let last = events.last, last.position == done.position, last.leaf.prefix(8).hex == done.hash
        else {
            let places = events.map { "\($0.position)/\($0.index)" }.joined(separator: " ")
            return [finding(.unit, "\(errand.key), acknowledged at \(done.position)-\(done.hash): it is at \(places)")]
        }
        return []
    }

    private func absent(_ errand: Errand, _ code: String) -> [Finding] {
        guard refusals.contains(code) else { return [finding(.unit, "\(errand.key) was refused: \(code)")] }
        let there = errand.orders.filter { commands[$0.token] != nil }.map(\.token)
        return there.isEmpty ? [] : [finding(.unit, "\(errand.key) was refused, and \(there) is there")]
    }

    /// Nothing is there that nobody asked for.
    private func strangers(_ entries: [Journal.Entry]) -> [Finding] {
        let asked = Set(entries.flatMap { $0.errand.orders.map(\.token) })
        let strange = commands.keys.filter { !asked.contains($0) && !$0.hasPrefix("Shared") }.sorted()
        return strange.isEmpty ? [] : [finding(.unit, "nobody asked for \(strange)")]
    }

    // MARK: - Has the follower seen it?

    func findings(of seen: [UUID: Follower.Seen]) -> [Finding] {
        let events = seen[organization]?.events ?? []
        if let (at, event) = zip(1..., events).first(where: { $0 != Int($1.position) }) {
            return [finding(.follower, "saw \(event.position) where \(at) was next")]
        }
        guard events.map(\.leaf) == log.map(\.leaf) else {
            return [finding(.follower, "saw \(events.count) events of \(log.count), or others")]
        }
        return []
    }
}

extension Sequence<UInt8> {
    /// Lower case, two digits each.
    var hex: String {
        map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
