import Foundation
import Kernel
import Synchronization

/// Somebody who carries errands out: a process that can be killed.
protocol Hand: AnyObject, Sendable {
    /// Carries it out; `.unknown` where the process dies or does not answer.
    func ask(_ errand: Errand) async -> Reply
    /// Steps the clock of the process to so many microseconds from the machine's, where it has a clock of its own.
    func setClock(_ offset: Int64)
    /// kill -9.
    func kill()
    /// Ends it well.
    func leave() async
    var isGone: Bool { get }
}

/// The processes over one database. A place whose process died gets a new one.
final class Crew: Sendable {
    private struct State {
        var hands: [(any Hand)?]
        var isHiring = true
        var hiring: Set<Int> = []
    }
    private let state: Mutex<State>
    private let hire: @Sendable (Int) async throws -> any Hand
    let size: Int

    /// - Parameter hire: starts the process of a place, and returns when it is ready.
    init(_ size: Int, hire: @escaping @Sendable (Int) async throws -> any Hand) async throws {
        self.size = size
        self.hire = hire
        var hands: [(any Hand)?] = []
        for place in 0..<size { hands.append(try? await hire(place)) }
        let all = hands
        state = Mutex(State(hands: all))
    }

    func ask(_ errand: Errand, by number: Int) async -> Reply {
        let place = number % size
        let hand = state.withLock { $0.hands[place] }
        guard let hand, !hand.isGone else {
            replace(place)
            return .unknown("nobody is there")
        }
        return await hand.ask(errand)
    }

    private func replace(_ place: Int) {
        let isWanted = state.withLock { state in
            guard state.isHiring, state.hands[place]?.isGone ?? true else { return false }
            return state.hiring.insert(place).inserted
        }
        guard isWanted else { return }
        Task {
            let new = try? await hire(place)
            let isLate = state.withLock { state in
                state.hiring.remove(place)
                if state.isHiring { state.hands[place] = new }
                return !state.isHiring
            }
            if isLate { new?.kill() }
        }
    }

    /// How a server answers a question that wants to see at least a position.
    func look(_ household: Household, atLeast position: String) async -> String {
        let server = state.withLock { $0.hands.compactMap { $0 as? ServerProcess }.first { !$0.isGone } }
        return await server?.look(household, atLeast: position) ?? "no server"
    }

    func kill(_ place: Int) { state.withLock { $0.hands[place % size] }?.kill() }
    func setClock(_ place: Int, _ offset: Int64) { state.withLock { $0.hands[place % size] }?.setClock(offset) }

    /// Every place has a living process again.
    func complete() async {
        for _ in 0..<500 {
            let dead = state.withLock { state in state.hands.indices.filter { state.hands[$0]?.isGone ?? true } }
            if dead.isEmpty { return }
            for place in dead { replace(place) }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    func leave() async {
        let hands = state.withLock { state in
            state.isHiring = false
            return state.hands
        }
        for hand in hands { await hand?.leave() }
    }
}
