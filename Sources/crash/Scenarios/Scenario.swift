/// What a seed stands for: which faults, when, and how many processes, logs and clients.
struct Scenario: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case pauses, cuts, bystanders, clock
        case workerKilled = "server killed"
        case postgresKilled = "Postgres killed"
        case postgresRestarted = "Postgres restarted"
        case diskFull = "disk full"
        case dump = "dump restored elsewhere"
        case served = "served over HTTP"
        case forked = "older backup restored"
    }

    /// Twenty seeds that follow each other are each kind, the dear ones once.
    private static let round: [Kind] = [
        .pauses, .cuts, .workerKilled, .bystanders, .clock, .postgresKilled, .workerKilled, .cuts, .served, .pauses,
        .diskFull, .workerKilled, .dump, .bystanders, .cuts, .postgresRestarted, .forked, .clock, .workerKilled,
        .postgresKilled,
    ]

    let seed: UInt64
    let kind: Kind
    let workers: Int
    let clients: Int
    let errands: Int
    let organizations: Int
    /// For each worker, and last for the follower.
    let traps: [[Trap]]
    let habits: [Bystander.Habit]
    /// Steps of the workers' clocks in microseconds.
    let clocks: [Int64]
    /// Thrown by what the run does besides.
    let dice: Dice

    init(seed: UInt64) {
        var dice = Dice(seed: seed)
        self.seed = seed
        kind = Self.round[Int(seed % UInt64(Self.round.count))]
        let isSlow = kind == .served || kind == .forked
        workers = isSlow ? 2 : Int.random(in: kind == .workerKilled ? 2...3 : 1...3, using: &dice)
        clients = Int.random(in: 3...9, using: &dice)
        errands = Int.random(in: 4...12, using: &dice)
        organizations = Int.random(in: 1...3, using: &dice)
        var traps: [[Trap]] = []
        for _ in 0..<workers { traps.append(Self.traps(for: kind, &dice)) }
        traps.append(Self.followerTraps(&dice))
        self.traps = traps
        habits =
            kind == .bystanders
            ? Bystander.Habit.allCases
            : Bystander.Habit.allCases.filter { _ in dice.once(in: 6) }
        clocks =
            kind == .clock || dice.once(in: 5)
            ? (0..<4).map { _ in Int64.random(in: -7_200_000_000...120_000_000, using: &dice) } : []
        self.dice = dice.part()
    }

    private static let connections = ["append", "append", "append", "projections writing", "daybook-read"]

    private static func traps(for kind: Kind, _ dice: inout Dice) -> [Trap] {
        var deeds: [Trap.Deed] = (0..<Int.random(in: 1...4, using: &dice)).map { _ in pause(&dice) }
        let more = Int.random(in: 1...3, using: &dice)
        switch kind {
        case .pauses: deeds += (0..<8).map { _ in pause(&dice) }
        case .cuts:
            for _ in 0..<more + 1 {
                let all: [Trap.Deed] = [
                    .cut, .cut, .tear, .abandon(milliseconds: Int.random(in: 10...400, using: &dice)),
                ]
                deeds.append(all[Int.random(in: all.indices, using: &dice)])
            }
        case .workerKilled, .served: deeds += [.killWorker] + (dice.once(in: 2) ? [.killWorker, .cut] : [])
        case .postgresKilled: deeds += dice.once(in: 2) ? [.killPostgres] : []
        case .bystanders, .clock: deeds += dice.once(in: 3) ? [.cut] : []
        case .postgresRestarted, .diskFull, .dump, .forked: break
        }
        return deeds.map { deed in
            Trap(
                connection: connections[Int.random(in: connections.indices, using: &dice)],
                exchange: Int.random(in: 2...45, using: &dice),
                point: Trap.Point.allCases[Int.random(in: 0..<3, using: &dice)], deed: deed)
        }
    }

    private static func pause(_ dice: inout Dice) -> Trap.Deed {
        .pause(milliseconds: Int.random(in: 2...(dice.once(in: 8) ? 600 : 60), using: &dice))
    }

    private static func followerTraps(_ dice: inout Dice) -> [Trap] {
        (0..<6).map { number in
            Trap(
                connection: "follower", exchange: Int.random(in: 2...40, using: &dice),
                point: Trap.Point.allCases[number % 3], deed: dice.once(in: 4) ? .cut : pause(&dice))
        }
    }
}
