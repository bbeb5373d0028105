import Foundation
import Postgres
import Synchronization

/// What goes wrong at moments, not at points of a conversation.
final class Weather: Sendable {
    private let stage: Stage
    private let scenario: Scenario
    private let disk: SmallDisk?
    private let counts: Counts
    private let dice: Mutex<Dice>
    private let raging = Mutex(true)

    init(_ stage: Stage, _ scenario: Scenario, _ disk: SmallDisk?, _ counts: Counts, _ dice: Dice) {
        (self.stage, self.scenario, self.disk, self.counts) = (stage, scenario, disk, counts)
        self.dice = Mutex(dice)
    }

    /// Until it is over, clients go on.
    var isRaging: Bool { raging.withLock { $0 } }

    func rage() async {
        let ground = stage.database.ground
        for (number, offset) in scenario.clocks.enumerated() {
            await pause(5...40)
            stage.crew.setClock(number, offset)
            counts.add("clock stepped")
        }
        switch scenario.kind {
        case .pauses, .cuts, .bystanders, .clock, .dump, .forked: break
        case .workerKilled, .served:
            for _ in 0..<throwing(0...2) {
                await pause(10...150)
                stage.crew.kill(throwing(0...7))
                counts.add(Trap.Deed.killWorker.name)
            }
        case .postgresKilled: await killPostgres(ground)
        case .postgresRestarted:
            for _ in 0..<throwing(1...2) {
                await pause(20...200)
                try? await ground.restart()
                counts.add("Postgres restarted")
            }
        case .diskFull: await fill(ground)
        }
        raging.withLock { $0 = false }
    }

    private func killPostgres(_ ground: Ground) async {
        for _ in 0..<throwing(1...2) {
            await pause(20...200)
            switch throwing(0...2) {
            case 0:
                ground.killSession(throwing(0...1000))
                counts.add("kill -9 of a session")
            case let which:
                ground.kill(whole: which == 1)
                counts.add(Trap.Deed.killPostgres.name)
            }
            await pause(150...400)
        }
    }

    private func fill(_ ground: Ground) async {
        guard let disk else { return }
        await pause(20...120)
        disk.fill()
        counts.add("disk full")
        // The next segment has no room.
        try? await ground.administer("SELECT pg_switch_wal()", patience: .zero)
        await pause(100...400)
        disk.empty()
        await pause(50...100)
    }

    private func throwing(_ range: ClosedRange<Int>) -> Int { dice.withLock { Int.random(in: range, using: &$0) } }

    private func pause(_ range: ClosedRange<Int>) async {
        try? await Task.sleep(for: .milliseconds(throwing(range)))
    }
}
