import FoundationEssentials
import Kernel
import Postgres
import PostgresTesting
import Synchronization
import Testing
import Vault

@testable import Projections

/// A world whose events are sealed, with two projections of them.
struct Home: Sendable {
    static let master = MasterKey(bytes: Array(repeating: 9, count: 32))
    static let catalogue = EventCatalogue(
        names: ["deal.opened", "deal.edited", "deal.removed", "person.erased"],
        personal: ["deal.opened": [["title"]], "deal.edited": [["set", "title"]]])
    static let deals = file(
        "deals.yaml",
        """
        projection: deals
        key: stream
        columns: {title: text, stage: text, patch: json, archived: boolean}
        on:
          deal.opened: {title: .title, stage: .stage, archived: false}
          deal.edited: {merge: .set, patch: .set, archived: false}
          deal.removed: remove
          person.erased: {archived: true}
        totals: {by: [stage], count: deals}
        history: all
        """)
    /// Does not name the erasure.
    static let titles = file(
        "titles.yaml",
        """
        projection: titles
        key: stream
        columns: {title: text}
        on: {deal.opened: {title: .title}, deal.edited: {title: {given: .set.title}}}
        history: [title]
        """)

    /// Has a row for each event.
    static let timeline = file(
        "timeline.yaml",
        """
        projection: timeline
        key: [deal, number]
        columns: {deal: uuid, number: bigint, what: text, title: text}
        on:
          deal.opened: {deal: $stream, number: $position, what: opened, title: .title}
          deal.edited: {deal: $stream, number: $position, what: edited, title: {lower: .set.title}}
        """)

    let world: World
    let models: ReadModels
    let unsealing = Unsealing(master: Home.master, catalogue: Home.catalogue)
    private let keys = Keys()

    init() async throws {
        world = try await World()
        models = ReadModels(world.database.settings(), unsealing: unsealing, log: quiet)
        try await models.deploy([Home.deals, Home.titles, Home.timeline], catalogue: Home.catalogue)
    }

    /// A stream with a key.
    func person() async throws -> UUID {
        let id = UUID()
        let worker = PipelinedConnection(world.database.settings(role: "daybook_worker"), name: "test", log: quiet)
        let (key, wrapped) = PersonKeys(worker, master: Home.master).mint(world.organization, id)
        keys.put(key, of: id)
        let organization = world.organization
        _ = try await worker.query(
            Statement("INSERT INTO vault.person_key (organization_id, person_id, wrapped) VALUES ($1, $2, $3)") {
                $0.uuid(organization)
                $0.uuid(id)
                $0.bytea(wrapped.bytes)
            })
        await worker.close()
        return id
    }

    func seal(_ plain: String, _ stream: UUID, _ version: Int32, _ type: String, of person: UUID? = nil) throws
        -> [UInt8]
    {
        let place = SealingPlace(
            organization: world.organization, stream: stream, version: version, type: type.utf8, schema: 1)
        let key = try #require(keys.key(of: person ?? stream))
        let part = key.seal(
            Array(plain.utf8), .data, of: person ?? stream, at: place, nonce: Random.bytes(SealedPart.nonceLength))
        return try #require(SealedParts.bytes([part]))
    }

    func told(_ stream: UUID, _ version: Int32, _ type: String, _ data: String, _ sealed: [UInt8]) -> Told {
        Told(stream: stream, version: version, type: type, data: data, sealed: sealed)
    }

    func tell(_ stream: UUID, _ version: Int32, _ type: String, _ data: String, personal: String? = nil) async throws {
        let sealed = try personal.map { try seal($0, stream, version, type) } ?? []
        try await world.append([told(stream, version, type, data, sealed)])
    }

    func destroyKey(of person: UUID) async throws {
        try await world.execute(
            "UPDATE vault.person_key SET wrapped = NULL, erased_at = now() WHERE person_id = '\(person)'")
    }
    func erase(_ person: UUID, version: Int32) async throws {
        try await tell(person, version, "person.erased", "{}")
        try await destroyKey(of: person)
    }

    /// Runs `body` while a projector lives, and lets it come to the end of the log.
    func living(_ body: () async throws -> Void = {}) async throws {
        let options = ProjectionRunner.Options()
        let runner = ProjectionRunner(
            world.database.settings(), unsealing: unsealing, options: options, log: quiet)
        let task = Task { await runner.run() }
        #expect(try await world.settled(3))
        try await body()
        runner.wake(world.organization)
        #expect(try await world.settled(3))
        task.cancel()
        await task.value
    }

    /// Title, stage, patch and archived of each deal.
    func rows() async throws -> [String] {
        try await world.texts(
            "SELECT concat_ws(' ', coalesce(title, '-'), stage, coalesce(patch::text, '-'), archived::text)"
                + " FROM read.deals ORDER BY 1")
    }
}

/// The keys of a test's persons.
private final class Keys: Sendable {
    private let keys = Mutex<[UUID: PersonKey]>([:])
    func put(_ key: PersonKey, of person: UUID) { keys.withLock { $0[person] = key } }
    func key(of person: UUID) -> PersonKey? { keys.withLock { $0[person] } }
}
