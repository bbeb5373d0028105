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
