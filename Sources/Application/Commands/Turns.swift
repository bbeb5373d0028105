import Synchronization

/// Lets tasks that decide side by side hand over in the order of a list.
final class Turns: Sendable {
    private struct State {
        /// Whose turn it is.
        var current = 0
        /// Those after it who need no turn any more.
        var passed: Set<Int> = []
        var waiting: [Int: UnsafeContinuation<Void, Never>] = [:]
    }
    private let state = Mutex(State())

    /// The turn of one place, from 0 on; each of them passes, whatever becomes of it.
    subscript(place: Int) -> Turn { Turn(turns: self, place: place) }

    /// A task's place in the order.
    struct Turn: Sendable {
        fileprivate let turns: Turns
        fileprivate let place: Int

        /// Returns when all before it have passed.
        func come() async {
            await withUnsafeContinuation { caller in
                let isHere = turns.state.withLock { state in
                    if place > state.current { state.waiting[place] = caller }
                    return place <= state.current
                }
                if isHere { caller.resume() }
            }
        }

        /// Lets the next one come; passing again means nothing.
        func pass() {
            let next = turns.state.withLock { state in
                guard place >= state.current else { return UnsafeContinuation<Void, Never>?.none }
                state.passed.insert(place)
                while state.passed.remove(state.current) != nil { state.current += 1 }
                return state.waiting.removeValue(forKey: state.current)
            }
            next?.resume()
        }
    }
}
