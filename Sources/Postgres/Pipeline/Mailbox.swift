import DequeModule
import Synchronization

/// What callers put in and the connection's thread takes out. Putting something in never blocks on the network.
final class Mailbox: Sendable {
    private struct State {
        var units = Deque<Unit>()
        var isSleeping = false
        var isClosing = false
        var isClosed = false
        var closers: [UnsafeContinuation<Void, Never>] = []
    }
    private let state = Locked(State())
    let wakeup = Wakeup()
    /// 0: none.
    private let number = Atomic(0)
    /// The session that the thread has, by its number.
    var session: Int? {
        get {
            let number = number.load(ordering: .acquiring)
            return number > 0 ? number : nil
        }
        set { number.store(newValue ?? 0, ordering: .releasing) }
    }

    // MARK: - What do callers do?

    /// Queues a unit. False: the connection is closed.
    func put(_ unit: Unit) -> Bool {
        let (isOpen, wake) = state.withLock { state -> (Bool, Bool) in
            if state.isClosing { return (false, false) }
            state.units.append(unit)
            defer { state.isSleeping = false }
            return (true, state.isSleeping)
        }
        if wake { wakeup.signal() }
        return isOpen
    }

    func close() {
        state.withLock { $0.isClosing = true }
        wakeup.signal()
    }

    /// Waits until the thread has ended.
    func closed() async {
        await withUnsafeContinuation { continuation in
            let isClosed = state.withLock { state -> Bool in
                if !state.isClosed { state.closers.append(continuation) }
                return state.isClosed
            }
            if isClosed { continuation.resume() }
        }
    }

    // MARK: - What does the thread do?

    /// Whether nothing more will come. The wake-up of closing is never cleared, so polling it returns at once.
    var isClosing: Bool { state.withLock { $0.isClosing } }

    /// Moves everything that came to the end of `units`, and tells whether no more will come.
    func take(into units: inout Deque<Unit>) -> Bool {
        let (came, isClosing) = state.withLock { state -> (Deque<Unit>, Bool) in
            defer { state.units = [] }
            state.isSleeping = false
            return (state.units, state.isClosing)
        }
        units.append(contentsOf: came)
        return isClosing
    }

    /// Whether the thread may sleep: nothing came since it last took. From here on who puts something in wakes it.
    func maySleep() -> Bool {
        state.withLock { state in
            state.isSleeping = state.units.isEmpty
            return state.isSleeping
        }
    }

    func hasEnded() {
        let closers = state.withLock { state -> [UnsafeContinuation<Void, Never>] in
            state.isClosed = true
            defer { state.closers = [] }
            return state.closers
        }
        for closer in closers { closer.resume() }
    }
}
