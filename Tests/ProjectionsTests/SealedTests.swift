import FoundationEssentials
import Glibc
import Kernel
import Postgres
import PostgresTesting
import Synchronization
import Testing
import Vault

@testable import Projections

/// What is sealed is folded as if it were not, as long as there is its key; and then as if it had never been said.
@Suite struct SealedTests {
    @Test func `what is sealed is in the rows, live and rebuilt`() async throws {
        let home = try await Home()
        let id = try await home.person()
        try await home.tell(id, 1, "deal.opened", #"{"stage":"new"}"#, personal: #"{"title":"Ann"}"#)
        try await home.tell(
            id, 2, "deal.edited", #"{"set":{"stage":"won"}}"#, personal: #"{"set":{"title":"Ann's \u00e9"}}"#)
        try await home.tell(id, 3, "deal.edited", #"{"set":{"stage":"lost"}}"#)
        try await home.living()
        #expect(try await home.rows() == [#"Ann's é lost {"stage": "lost"} false"#])
        try await home.models.rebuild()
        #expect(try await home.rows() == [#"Ann's é lost {"stage": "lost"} false"#])
        try await home.tell(id, 4, "deal.edited", #"{"set":{"stage":"won"}}"#, personal: #"{"set":{"title":null}}"#)
        try await home.living()
        #expect(try await home.rows() == [#"- won {"stage": "won", "title": null} false"#])
    }

    @Test func `what is personal is known through functions and views, one view standing on another`() async throws {
        let home = try await Home()
        try await home.models.add([
            file(
                "a.sql",
                """
                CREATE VIEW read.cards WITH (security_invoker = true) AS
                SELECT d.organization_id, d.id, d.stage, upper(d.title) AS shout, d.archived FROM read.deals d
                """),
            file(
                "b.sql",
                """
                CREATE VIEW read.walls WITH (security_invoker = true) AS
                SELECT c.organization_id, c.stage, length(c.shout) AS size, c.shout FROM read.cards c
                """),
            file(
                "c.sql",
                """
                CREATE VIEW read.stages WITH (security_invoker = true) AS
                SELECT d.organization_id, d.stage, count(*) AS deals FROM read.deals d GROUP BY 1, 2
                """),
        ])
        let found = try await home.models.personalColumns()
        #expect(found["deals"] == ["patch", "title"])
        #expect(found["timeline"] == ["title"])
        #expect(found["cards"] == ["shout"])
        #expect(found["walls"] == ["shout", "size"])
        #expect(found["stages"] == nil)
        // Those files stay beside the others.
        #expect(try await home.models.list().map(\.projection) == ["deals", "timeline", "titles"])
    }

    @Test func `a part that was sealed for another event is absent, and holds nothing`() async throws {
        let home = try await Home()
        let id = try await home.person()
        let moved = try home.seal(#"{"title":"Ann"}"#, id, 2, "deal.opened")
        try await home.world.append([home.told(id, 1, "deal.opened", #"{"stage":"new"}"#, moved)])
        try await home.living()
        #expect(try await home.rows() == ["- new - false"])
    }

    @Test func `once a person is erased, rows say what a rebuild makes of them`() async throws {
        let home = try await Home()
        let (id, other) = (try await home.person(), try await home.person())
        try await home.living {
            for (n, person) in [id, other].enumerated() {
                let (first, second) = (#"{"title":"Ann \#(n)"}"#, #"{"set":{"title":"Bea \#(n)"}}"#)
                try await home.tell(person, 1, "deal.opened", #"{"stage":"new"}"#, personal: first)
                try await home.tell(person, 2, "deal.edited", #"{"set":{}}"#, personal: second)
            }
            #expect(try await home.world.settled(3))
            // In one batch with the erasure, and folded with the key that the projector remembers.
            try await home.tell(id, 3, "deal.edited", #"{"set":{}}"#, personal: #"{"set":{"title":"Cora"}}"#)
            try await home.erase(id, version: 4)
        }
        let rows = ["- new {} true", #"Bea 1 new {"title": "Bea 1"} false"#]
        #expect(try await home.rows() == rows)
        let titles = try await home.world.texts("SELECT coalesce(title, '-') FROM read.titles ORDER BY 1")
        #expect(titles == ["-", "Bea 1"])
        let told = try await home.world.texts(
            "SELECT what || ' ' || coalesce(title, '-') FROM read.timeline ORDER BY number")
        #expect(told == ["opened -", "edited -", "opened Ann 1", "edited bea 1", "edited -"])
        let past = try await home.world.texts(
            "SELECT coalesce(title, '-') FROM read.deals_history UNION SELECT coalesce(title, '-')"
                + " FROM read.titles_history ORDER BY 1")
        #expect(past == ["-", "Ann 1"])
        for one in try await home.models.verify() { #expect(one.equal, "\(one.projection): \(one.differences)") }
        try await home.models.rebuild()
        #expect(try await home.rows() == rows)
    }

    @Test func `what a row was that is gone is emptied as well`() async throws {
        let home = try await Home()
        let (id, other) = (try await home.person(), try await home.person())
        func past() async throws -> [String] {
            try await home.world.texts("SELECT coalesce(title, '-') FROM read.deals_history ORDER BY 1")
        }
        try await home.living {
            for person in [id, other] {
                try await home.tell(person, 1, "deal.opened", #"{"stage":"new"}"#, personal: #"{"title":"Ann"}"#)
                try await home.tell(person, 2, "deal.removed", "{}")
            }
            #expect(try await home.world.settled(2))
            #expect(try await past() == ["Ann", "Ann"])
            try await home.erase(id, version: 3)
        }
        #expect(try await past() == ["-", "Ann"])
        try await home.destroyKey(of: other)
        try await home.models.refold(organization: home.world.organization, streams: [other])
        #expect(try await past() == ["-", "-"])
        for one in try await home.models.verify() { #expect(one.equal, "\(one.projection): \(one.differences)") }
    }

    @Test func `a held stream is emptied as well`() async throws {
        let home = try await Home()
        let id = try await home.person()
        try await home.living {
            try await home.tell(id, 1, "deal.opened", #"{"stage":"new"}"#, personal: #"{"title":"Ann"}"#)
            try await home.tell(id, 2, "deal.edited", #"{"set":{"stage":5}}"#)
            #expect(try await home.world.settled(3))
            try await home.erase(id, version: 3)
        }
        #expect(try await home.rows() == ["- new - false"])
        for one in try await home.models.verify() { #expect(one.equal, "\(one.projection): \(one.differences)") }
    }

    @Test func `an erasure during a rebuild is in the new table`() async throws {
        let home = try await Home()
        let id = try await home.person()
        try await home.tell(id, 1, "deal.opened", #"{"stage":"new"}"#, personal: #"{"title":"Ann"}"#)
        let done = Flag()
        try await home.models.rebuild(["deals", "timeline"]) { progress in
            guard progress.phase == .indexing, !done.isUp else { return }
            Task {
                try await home.erase(id, version: 2)
                done.raise()
            }
            while !done.isUp { usleep(1000) }
        }
        #expect(done.isUp)
        #expect(try await home.rows() == ["- new - true"])
        #expect(try await home.world.texts("SELECT coalesce(title, '-') FROM read.timeline") == ["-"])
    }

    @Test func `streams that hold parts of a person are found, and folded again`() async throws {
        let home = try await Home()
        let (id, meeting) = (try await home.person(), try await home.person())
        let part = try home.seal(#"{"title":"with Ann"}"#, meeting, 1, "deal.opened", of: id)
        try await home.world.append([home.told(meeting, 1, "deal.opened", #"{"stage":"new"}"#, part)])
        try await home.tell(id, 1, "deal.opened", #"{"stage":"new"}"#)
        try await home.living()
        #expect(try await home.rows() == ["- new - false", "with Ann new - false"])
        try await home.destroyKey(of: id)
        let streams = try await home.models.streams(of: home.world.organization, holding: id)
        #expect(streams == [meeting])
        #expect(try await home.models.refold(organization: home.world.organization, streams: streams) == 3)
        #expect(try await home.rows() == ["- new - false", "- new - false"])
        for one in try await home.models.verify() { #expect(one.equal, "\(one.projection): \(one.differences)") }
    }

    @Test func `a batch that read rows before they were folded again is not written`() async throws {
        let home = try await Home()
        let id = try await home.person()
        try await home.tell(id, 1, "deal.opened", #"{"stage":"new"}"#, personal: #"{"title":"Ann"}"#)
        try await home.living()
        try await home.tell(id, 2, "deal.edited", #"{"set":{"stage":"won"}}"#)
        let settings = home.world.database.settings(role: "daybook_worker")
        let first = PipelinedConnection(settings, name: "test", log: quiet)
        let second = PipelinedConnection(settings, name: "test", log: quiet)
        let table = ReadTable(definition: try Definition.read(file: "", text: Home.deals.text), name: "deals")
        let deployment = Deployment([Deployed(table: table, generation: 1)], unsealing: home.unsealing)
        let known = try await first.run([
            Statement(SQL.organizationProgress) { $0.uuid(home.world.organization) },
            Statement(SQL.organizationHeld) { $0.uuid(home.world.organization) },
        ])
        let lane = try #require(try Lane.load(known, deployment))
        let batch = Batch(deployment)
        var next: [Statement]? = batch.start(try #require(lane.order(for: home.world.organization)))
        while let statements = next, !batch.isWriting { next = try batch.next(try await first.run(statements)) }
        try await home.destroyKey(of: id)
        try await home.models.refold(organization: home.world.organization, streams: [id])
        let late = try #require(next)
        await #expect { try await second.run(late) } throws: { ($0 as? PostgresError)?.kind == .divisionByZero }
        #expect(try await home.rows() == ["- new - false"])
        await first.close()
        await second.close()
    }

    @Test func `what is personal makes no group and no sum`() {
        let text = Home.deals.text.replacing("by: [stage]", with: "by: [stage, title]")
        #expect(
            ReadModels.check(file("deals.yaml", text), catalogue: Home.catalogue).map(\.description)
                == [
                    "deals.yaml:9:22: title is personal, and totals outlive the person; group by stage, archived"
                ])
    }
}

/// A world whose events are sealed, with two projections of them.
private struct Home: Sendable {
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
