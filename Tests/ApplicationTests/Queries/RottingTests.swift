import Application
import CRM
import Foundation
import Kernel
import PostgresTesting
import Testing

extension QueriesTests {
    /// What a list is asked that no column of its table tells.
    @Suite struct Rotting {
        private let ledger = Ledger()
        private let pipeline = UUID(), lead = UUID(), won = UUID()
        private let now = TestHouse.clock()

        private func ago(_ days: Int64) -> Instant {
            Instant(microseconds: now.microseconds - days * 86_400_000_000)
        }
        private func tellPipeline() throws {
            let organization = Record(["name": "X", "currency": "EUR", "time_zone": "Asia/Tokyo"])
            try ledger.tell(ledger.organization, Organization.Event.created(organization), at: ago(90))
            let stages: JSON = .object([
                lead.text: ["name": "Lead", "kind": "open", "position": 1, "rotting_days": 10],
                won.text: ["name": "Won", "kind": "won", "position": 2],
            ])
            let record = Record(["name": "Sales", "stages": stages])
            try ledger.tell(pipeline, Pipeline.Event.created(record), at: ago(90))
        }
        private func open(_ title: String, _ at: Instant) throws -> UUID {
            let id = UUID()
            let record = Record([
                "title": .string(title), "pipeline_id": .string(pipeline.text), "stage_id": .string(lead.text),
            ])
            try ledger.tell(id, Deal.Event.opened(record), at: at)
            return id
        }

        @Test func `deals that are longer in their stage than it allows are found, shown, and were not so before`()
            async throws
        {
            try tellPipeline()
            let old = try open("Old", ago(20))
            let done = try open("Done", ago(19))
            let edge = try open("Edge", ago(10))
            let young = try open("Young", ago(5))
            let today = Day(number: Int32(now.microseconds / 86_400_000_000))
            let isWon = Deal.Event.won(from: lead, stage_id: won, actual_close: today, amount: nil)
            try ledger.tell(done, isWon, at: ago(3))
            let home = try await QueriesHome([ledger])
            let caller = Caller.of(ledger.organization)
            func ids(_ parameters: Parameter...) async throws -> Set<String> {
                Set(try await home.queries.list("deal", parameters, by: caller).json.ids)
            }
            #expect(try await ids(.init("rotting", "true")) == [old.text])
            let fresh = [done, edge, young].map(\.text)
            #expect(try await ids(.init("rotting", "false")) == Set(fresh))
            let counted = [Parameter("rotting", "true"), .init("total", "exact")]
            #expect(try await home.queries.list("deal", counted, by: caller).json["total"] == 1)
            for item in try await home.queries.list("deal", [], by: caller).json.items {
                #expect(item["rotting"] == .bool(item["id"]?.string == old.text), "\(item)")
                if item["id"]?.string == old.text { #expect(item["days_in_stage"] == 20 && item["rotting_days"] == 10) }
            }
            let board = try await home.queries.board(pipeline, [.init("rotting", "true")], by: caller).json
            let stages = board["stages"]?.array ?? []
            #expect(stages.compactMap { $0["count"]?.integer } == [1, 0])
            #expect(stages.first?["cards"]?.array?.first?["rotting"] == true && stages.first?["rotting_days"] == 10)
            // Ten days ago nothing was.
            let then = Parameter("as_of", ago(10).text)
            #expect(try await ids(.init("rotting", "true"), then) == [])
            for wrong in [Parameter("rotting", "maybe"), .init("rotting.ne", "true"), .init("sort", "rotting")] {
                let answer = await code { try await home.queries.list("deal", [wrong], by: caller) }
                #expect(answer == "parameter.invalid" || answer == "parameter.unknown", "\(wrong)")
            }
        }

        @Test func `a pipeline is found by those with whom it is shared`() async throws {
            try tellPipeline()
            let (ann, north) = (UUID(), UUID())
            let shared = Patch([ann.text: ["entity": "member"], north.text: ["entity": "team"]])
            try ledger.tell(pipeline, Pipeline.Event.shared(shared_with: shared), at: ago(3))
            try ledger.tell(
                pipeline, Pipeline.Event.unshared(shared_with: Patch([north.text: .null])), at: ago(2))
            let home = try await QueriesHome([ledger])
            func ids(_ value: String) async throws -> [String] {
                let caller = Caller.of(ledger.organization, actor: ann)
                let found = try await home.queries.list("pipeline", [.init("shared_with", value)], by: caller)
                return try found.json.ids
            }
            #expect(try await ids("me") == [pipeline.text])
            #expect(try await ids(ann.text) == [pipeline.text])
            #expect(try await ids(north.text) == [])
            #expect(
                await code {
                    _ = try await ids("everybody"); return Reply(body: [], position: nil)
                } != nil)
        }
    }
}
