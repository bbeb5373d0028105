import Application
import Kernel
import Projections
import Testing

@testable import API

/// What `/health` makes of what it is told.
@Suite struct VitalsTests {
    private static func vitals(
        _ projections: Vitals.Projection..., database: Bool = true, projector: ProjectionRunner.Phase = .running
    ) -> Vitals {
        Vitals(
            database: database, projections: projections, projectors: 1, projector: projector, queued: nil, version: "1"
        )
    }

    @Test func `a lag that shrinks is no illness, and a heartbeat no health`() {
        let busy = Vitals.Projection(name: "deals", lag: 1_000_000, lagSeconds: 3600, heartbeat: 1, stalled: 0.1)
        #expect(Self.vitals(busy).status == "ok" && Self.vitals(busy).isServing)
        let stuck = Vitals.Projection(name: "deals", lag: 1, lagSeconds: 60, heartbeat: 1, stalled: 60)
        #expect(Self.vitals(stuck).status == "stuck" && !Self.vitals(stuck).isServing)
    }
    @Test func `what concerns one organization or some streams degrades, and turns nobody away`() {
        let slow = Vitals.Projection(name: "deals", lag: 5, lagSeconds: 60, heartbeat: 1, stalled: 1, longestStall: 60)
        let held = Vitals.Projection(name: "deals", lag: 0, held: 1, heartbeat: 1)
        let silent = Vitals.Projection(name: "deals", lag: 0, heartbeat: 60)
        for one in [slow, held, silent] {
            #expect(Self.vitals(one).status == "degraded" && Self.vitals(one).isServing)
        }
    }
    @Test func `a policy that waits for long degrades`() {
        var vitals = Self.vitals(Vitals.Projection(name: "deals", lag: 0, heartbeat: 1))
        vitals.policyWait = 60
        #expect(vitals.status == "degraded" && vitals.isServing)
    }
    @Test func `a file that cannot be scanned degrades, and one that waits does not`() {
        var vitals = Self.vitals(Vitals.Projection(name: "deals", lag: 0, heartbeat: 1))
        #expect(vitals.json["scans"] == .null)
        vitals.scans = ScanCounts(waiting: 3)
        #expect(vitals.status == "ok")
        vitals.scans = ScanCounts(refused: 1)
        #expect(vitals.status == "degraded" && vitals.isServing)
        #expect(vitals.json["scans"] == ["waiting": 0, "refused": 1, "unanswered": 0, "unreadable": 0])
    }
    @Test func `a projection that was stopped, a projector that ended and a database that is gone are not well`() {
        let well = Vitals.Projection(name: "deals", lag: 0, heartbeat: 1)
        let stopped = Vitals.Projection(name: "deals", lag: 0, heartbeat: 1, isStopped: true)
        #expect(Self.vitals(well).status == "ok")
        #expect(Self.vitals(well, projector: .idle).status == "ok")
        #expect(!Self.vitals(well, stopped).isServing)
        #expect(!Self.vitals(well, projector: .ended).isServing)
        #expect(Self.vitals(well, database: false).status == "down")
        #expect(Self.vitals(well).json["projectors"] == 1)
    }
}
