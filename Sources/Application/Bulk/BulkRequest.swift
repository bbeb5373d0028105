import CRM
import FoundationEssentials
import Kernel

/// One act, and the records that it is asked of.
public struct BulkRequest: Sendable {
    let entity: any Lasting.Type
    let act: String
    let body: JSON
    let records: Records
    /// Whether all are one unit: all of them or none.
    let isWhole: Bool
    let dryRun: Bool
    /// How many of the records earlier requests dealt with.
    let from: Int

    /// Which records are meant.
    enum Records: Sendable {
        case named([UUID])
        /// Those that a list with these parameters shows on all of its pages.
        case found(String)
    }

    private static let members = [
        Field("entity", .text(60)).required(), Field("act", .text(60)).required(),
        Field("ids", .list(of: .id, Bulk.most)), Field("filter", .text(10_000)), Field("all_or_none", .flag),
        Field("dry_run", .flag), Bulk.from,
    ]

    /// - Parameter offered: all that a client may ask for, as `entity.act`.
    /// - Throws: `body.invalid` with the place of every flaw.
    public init(_ json: JSON, offered: [String]) throws(Problem) {
        guard case .object(var object) = json else {
            throw .invalid([Flaw("", "wrong_type", "an object is expected, not \(json.kind)")])
        }
        var flaws: [Flaw] = []
        body = object.removeValue(forKey: "body") ?? [:]
        let given = Body(Self.members.normal(object, partial: false, flaws: &flaws))
        guard flaws.isEmpty, let name = given.text("entity"), let act = given.text("act") else {
            throw .invalid(flaws)
        }
        guard let entity = CRM.entity(named: name) as? any Lasting.Type else {
            throw .invalid([Flaw("/entity", "not_allowed", "there are no such records")])
        }
        guard offered.contains("\(name).\(act)"), !entity.begins(by: act) else {
            let known = offered.filter { $0.hasPrefix("\(name).") }.map { String($0.dropFirst(name.count + 1)) }
                .filter { !entity.begins(by: $0) }.joined(separator: ", ")
            throw .invalid([Flaw("/act", "not_allowed", "many \(name) records can be asked \(known)")])
        }
        (self.entity, self.act) = (entity, act)
        records = try Self.records(given)
        isWhole = given.flag("all_or_none") ?? false
        dryRun = given.flag("dry_run") ?? false
        from = given.integer("from").map { Int($0) } ?? 0
        guard !isWhole || from == 0 else {
            throw .invalid([Flaw("/from", "not_allowed", "what is one unit has no parts")])
        }
    }

    private static func records(_ given: Body) throws(Problem) -> Records {
        let ids = given.values["ids"]?.array?.compactMap { $0.string.flatMap(UUID.init(text:)) }
        switch (ids, given.text("filter")) {
        case (let ids?, nil):
            var seen: Set<UUID> = []
            let again = ids.indices.filter { !seen.insert(ids[$0]).inserted }
            guard again.isEmpty else {
                throw .invalid(again.map { Flaw("/ids/\($0)", "duplicate", "this record is named twice") })
            }
            return .named(ids)
        case (nil, let filter?): return .found(filter)
        case (_?, _?): throw .invalid([Flaw("/filter", "not_allowed", "give ids or a filter, not both")])
        case (nil, nil):
            throw .invalid([
                Flaw("/ids", "required", "say which records are meant: ids, or a filter as in an address")
            ])
        }
    }

    /// By what it is the same request. Which part of it is asked for makes no other.
    var said: JSON {
        let records: JSON =
            switch records {
            case .named(let ids): .array(ids.map { .string($0.text) })
            case .found(let filter): .string(filter)
            }
        return [.string(entity.name), .string(act), body, records, .bool(isWhole)]
    }
}
