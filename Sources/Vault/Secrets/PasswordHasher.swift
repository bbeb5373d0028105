import CSodium
import Dispatch
import Synchronization

/// Why a password was neither hashed nor compared.
public enum PasswordError: Error, Equatable {
    /// Too many wait already; try again in a second.
    case overloaded
    /// The caller's task was cancelled while it waited for its turn.
    case cancelled
    /// The system has no 64 MiB left for it.
    case outOfMemory
}

/// Argon2id (RFC 9106), by default with libsodium's interactive limits: 64 MiB and some 50 ms for each password.
///
/// It runs on threads of its own, a few at a time: Swift's pool must never be busy that long, and memory is bounded.
public final class PasswordHasher: Sendable {
    /// What it takes to hash a password, and so to guess one.
    public struct Cost: Sendable {
        let operations: UInt64
        let memory: Int

        /// For people who wait, and for guessers.
        public static let interactive = Cost(
            operations: UInt64(crypto_pwhash_opslimit_interactive()), memory: crypto_pwhash_memlimit_interactive())
        /// Next to nothing: for passwords that protect nothing, such as those of tests.
        public static let least = Cost(
            operations: UInt64(crypto_pwhash_opslimit_min()), memory: crypto_pwhash_memlimit_min())
    }

    private let cost: Cost
    private let turns: Turns
    private let queue = DispatchQueue(label: "daybook.password", attributes: .concurrent)
    private let decoy: Decoy

    /// At most `concurrent` passwords at a time, and at most `waiting` behind them.
    public init(concurrent: Int = 2, waiting: Int = 64, cost: Cost = .interactive) {
        self.cost = cost
        turns = Turns(free: concurrent, waiting: waiting)
        decoy = Decoy(cost)
        Sodium.ready
    }

    /// The string to store: algorithm, limits, salt and hash.
    public func hash(_ password: String) async throws(PasswordError) -> String {
        let hash = try await run { [cost] in Self.hash(Array(password.utf8), cost) }
        guard let hash else { throw .outOfMemory }
        return hash
    }

    /// Whether `password` is the one of `stored`. Where `stored` is nil (no such member) it is never right, and takes
    /// as long: who asks does not learn which e-mails exist.
    public func verify(_ password: String, against stored: String?) async throws(PasswordError) -> Bool {
        let decoy = decoy
        return try await run {
            guard let stored else {
                _ = decoy.text.map { Self.verify(Array(password.utf8), $0) }
                return false
            }
            return Self.verify(Array(password.utf8), stored)
        }
    }

    /// Whether `stored` was made with other limits than today's, so that the next good login should store anew.
    public static func isOutdated(_ stored: String) -> Bool {
        Sodium.ready
        return crypto_pwhash_str_needs_rehash(
            stored, UInt64(crypto_pwhash_opslimit_interactive()), crypto_pwhash_memlimit_interactive()) != 0
    }

    private func run<T: Sendable>(_ body: @escaping @Sendable () -> T) async throws(PasswordError) -> T {
        try await turns.take()
        let value = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
        turns.give()
        return value
    }

    fileprivate static func hash(_ password: [UInt8], _ cost: Cost) -> String? {
        var text = [CChar](repeating: 0, count: Int(crypto_pwhash_strbytes()))
        let status = crypto_pwhash_str(
            &text, characters(password), UInt64(password.count), cost.operations, cost.memory)
        return status == 0 ? String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }

    private static func verify(_ password: [UInt8], _ stored: String) -> Bool {
        crypto_pwhash_str_verify(stored, characters(password), UInt64(password.count)) == 0
    }

    /// With a zero after the end, so that there is an address even where there is no password.
    private static func characters(_ password: [UInt8]) -> [CChar] { password.map(CChar.init(bitPattern:)) + [0] }
}

/// The hash of a password that nobody knows, made when first needed.
private final class Decoy: Sendable {
    private let cost: PasswordHasher.Cost
    private let made = Mutex<String?>(nil)

    init(_ cost: PasswordHasher.Cost) { self.cost = cost }

    var text: String? {
        made.withLock { made in
            if made == nil { made = PasswordHasher.hash(Random.bytes(32), cost) }
            return made
        }
    }
}

/// Who may run now, in order of asking.
private final class Turns: Sendable {
    private struct State {
        var free: Int
        var next = 0
        var waiting: [(number: Int, continuation: CheckedContinuation<PasswordError?, Never>)] = []
        var cancelled: Set<Int> = []
    }
    private let state: Mutex<State>
    private let limit: Int

    init(free: Int, waiting: Int) {
        state = Mutex(State(free: free))
        limit = waiting
    }

    func take() async throws(PasswordError) {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        let refusal = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: PasswordError?? = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return .some(.cancelled) }
                    if state.free > 0 {
                        state.free -= 1
                        return .some(nil)
                    }
                    if state.waiting.count >= limit { return .some(.overloaded) }
                    state.waiting.append((number, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiting = state.withLock { state -> CheckedContinuation<PasswordError?, Never>? in
                guard let index = state.waiting.firstIndex(where: { $0.number == number }) else {
                    state.cancelled.insert(number)
                    return nil
                }
                return state.waiting.remove(at: index).continuation
            }
            waiting?.resume(returning: .cancelled)
        }
        state.withLock { _ = $0.cancelled.remove(number) }
        if let refusal { throw refusal }
    }

    func give() {
        let next = state.withLock { state -> CheckedContinuation<PasswordError?, Never>? in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: nil)
    }
}
