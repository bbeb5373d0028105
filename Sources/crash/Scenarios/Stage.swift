import Foundation
import Synchronization

/// The processes of a run over one database, each behind a proxy, and the follower behind another.
final class Stage: Sendable {
    let database: Ground.Database
    let crew: Crew
    private let proxies: [Proxy]
    private let stopped: Mutex<Bool>

    /// - Parameters:
    ///   - traps: for each worker and for the follower; none: nothing goes wrong.
    ///   - counts: told of each fault.
    init(
        _ database: Ground.Database, workers: Int, traps: [[Trap]], served: Bool, canary: Canary?, folder: String,
        _ counts: Counts
    ) async throws {
        self.database = database
        let victims = Victims()
        var proxies: [Proxy] = []
        for place in 0...workers {
            let own = traps.indices.contains(place) ? traps[place] : []
            proxies.append(
                try Proxy("\(folder)/p\(place)-\(database.name)", to: database.ground.socket, traps: own) { deed in
                    counts.add(deed.name)
                    switch deed {
                    case .killWorker: victims.kill(place)
                    case .killPostgres: database.ground.kill(whole: true)
                    case .pause, .cut, .tear, .abandon: break
                    }
                })
        }
        self.proxies = proxies
        let made = proxies
        crew = try await Crew(workers) { place in
            let url = database.url(through: made[place])
            let hand: any Hand =
                served
                ? try await ServerProcess(database: url, folder: "\(folder)/s\(place)")
                : try await WorkerProcess(url: url, canary: canary)
            victims.set(hand, at: place)
            return hand
        }
        stopped = Mutex(false)
    }

    /// Where the follower connects.
    var followed: String { database.url(through: proxies[proxies.count - 1]) }

    /// Nothing more goes wrong on the wire.
    func calm() { for proxy in proxies { proxy.calm() } }

    /// Ends all processes and closes all sockets.
    func leave() async {
        await crew.leave()
        close()
    }

    private func close() {
        let isFirst = stopped.withLock { stopped in
            defer { stopped = true }
            return !stopped
        }
        if isFirst { for proxy in proxies { proxy.close() } }
    }

    deinit { close() }
}

/// Who is killed at which place, known before all are there.
private final class Victims: Sendable {
    private let hands = Mutex<[Int: any Hand]>([:])
    func set(_ hand: any Hand, at place: Int) { hands.withLock { $0[place] = hand } }
    func kill(_ place: Int) { hands.withLock { $0[place] }?.kill() }
}

/// How often each fault happened.
final class Counts: Sendable {
    private let all = Mutex<[String: Int]>([:])
    func add(_ name: String, _ times: Int = 1) { all.withLock { $0[name, default: 0] += times } }
    var sorted: [(name: String, times: Int)] {
        all.withLock { $0 }.sorted { $0.key < $1.key }.map { (name: $0.key, times: $0.value) }
    }
}
