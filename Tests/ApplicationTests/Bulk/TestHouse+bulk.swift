import CRM
import EventLog
import FoundationEssentials
import Kernel

@testable import Application

extension TestHouse {
    static let parse: @Sendable (String) throws(Problem) -> [Parameter] = { filter in
        filter.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1)
            return Parameter(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }
    }
    /// All acts but those that only the application performs.
    static let offered = entities.flatMap { entity in
        func names<E: Entity>(_: E.Type) -> [String] { E.acts.map { "\(E.name).\($0.name)" } }
        return names(entity).filter { $0 != "member.password_changed" }
    }
    var bulk: Bulk { Bulk(commands: daybook.commands, queries: daybook.queries, parse: Self.parse) }

    func run(_ body: [String: JSON], key: String? = nil, role: Role = .owner) async throws(Problem) -> JSON {
        let request = try BulkRequest(.object(body), offered: Self.offered)
        return try await bulk.run(request, by: caller(role), key: key).body
    }
    func refusal(_ body: [String: JSON], key: String? = nil, role: Role = .owner) async -> Problem? {
        do {
            _ = try await run(body, key: key, role: role)
            return nil
        } catch { return error }
    }
    func bulkProblem(_ id: UUID) async -> Problem? {
        do {
            _ = try await bulk.progress(id, by: owner)
            return nil
        } catch { return error }
    }

    /// All pages of an act.
    func pages(_ body: [String: JSON], key: String) async throws(Problem) -> [JSON] {
        var pages = [try await run(body, key: key)]
        while let next = pages.last?["next"], next != .null {
            pages.append(try await run(body.merging(["from": next]) { $1 }, key: key))
        }
        return pages
    }
    /// All pages of taking one back.
    func undo(_ act: UUID, key: String? = nil, dryRun: Bool = false) async throws(Problem) -> [JSON] {
        var pages: [JSON] = []
        var next = JSON.integer(0)
        while next != .null {
            let page = try await bulk.undo(act, Body(["dry_run": .bool(dryRun), "from": next]), by: owner, key: key)
            pages.append(page.body)
            next = page.body["next"] ?? .null
        }
        return pages
    }
    func sum(_ pages: [JSON]) -> [Int64] {
        ["done", "unchanged", "refused"].map { name in pages.reduce(0) { $0 + ($1[name]?.integer ?? 0) } }
    }

    // MARK: What is there?

    func member(_ name: String) async throws(Problem) -> UUID {
        try await ask("member", .new, "add", ["name": .string(name)]).results[0].id
    }
    func accounts(_ count: Int, of owner: UUID? = nil) async throws(Problem) -> [UUID] {
        try await make(
            count, "account", "create",
            ["industry": "steel", "owner_id": owner.map { .string($0.text) } ?? .null], naming: "name")
    }
    /// In the organization's own pipeline.
    func deals(_ count: Int) async throws(Problem) -> [UUID] {
        try await make(count, "deal", "open", [:], naming: "title")
    }

    private func make(
        _ count: Int, _ entity: String, _ act: String, _ body: [String: JSON], naming name: String
    ) async throws(Problem) -> [UUID] {
        let body = body.filter { $0.value != .null }
        let units = (0..<count).map { number in
            [Ask(entity, .new, act, .object(body.merging([name: .string("\(entity) \(number)")]) { $1 }))]
        }
        var ids: [UUID] = []
        for result in await daybook.commands.executeEach(units, by: owner) {
            ids.append(try result.get().results[0].id)
        }
        return ids
    }
    // MARK: What became of it?

    func events(_ ids: [UUID]) async throws -> [RecordedEvent] {
        let read = try await daybook.commands.reader.streams(organization, ids)
        return ids.flatMap { read.events[$0] ?? [] }
    }
    func states(_ entity: String, _ ids: [UUID]) async throws -> [any Sendable] {
        guard let type = CRM.entity(named: entity) else { return [] }
        var known = WorkingSet(readAt: .max)
        try await daybook.commands.load(ids.map { Reference(type, $0) }, into: &known, organization)
        return ids.compactMap { known.streams[$0]?.state }
    }
    func same(_ entity: String, _ ids: [UUID], _ before: [any Sendable]) async throws -> Bool {
        guard let type = CRM.entity(named: entity) as? any Lasting.Type else { return false }
        let now = try await states(entity, ids)
        return now.count == before.count && zip(now, before).allSatisfy { type.isSame($0, $1) }
    }
    /// The open stages of the organization's own pipeline, in order.
    func stages() async throws -> [UUID] {
        let settings = try await states("organization", [organization]).first as? Organization.State
        let id = settings.flatMap { Organization.record($0)?.id("default_pipeline_id") }
        let pipeline = try await states("pipeline", [id].compactMap { $0 }).first as? Pipeline.State
        return (pipeline?.content).map { Stages($0).all.filter { $0.kind == .open }.map(\.id) } ?? []
    }
    /// The command that wrote to these records last.
    func lastAct(_ ids: [UUID]) async throws -> UUID? {
        try await events(ids).max { $0.position < $1.position }?.command
    }
}

extension JSON {
    static func ids(_ ids: [UUID]) -> JSON { .array(ids.map { .string($0.text) }) }
    /// Of an act on many records.
    var results: [JSON] { self["results"]?.array ?? [] }
}
