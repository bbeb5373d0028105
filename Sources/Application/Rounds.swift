import Synchronization

/// What is asked while a question of its kind is on its way waits for that and is then asked in one with whatever else
/// came, as the appender does with units (DESIGN §3). Nobody lingers for company, and the more ask, the less each
/// costs.
///
/// - `Kind`: questions that can be asked in one.
/// - `Item`: what one caller asks.
/// - `Answer`: the answer to all of a round, in which each caller finds its own.
final class Rounds<Kind: Hashable & Sendable, Item: Sendable, Answer: Sendable>: Sendable {
    private struct Asker: Sendable {
        let item: Item
        let answer: CheckedContinuation<Swift.Result<Answer, Problem>, Never>
    }

    /// Who waits, by kind; a kind is there while a round of it is on its way.
    private let waiting = Mutex<[Kind: [Asker]]>([:])
    private let limit: Int

    /// - Parameter limit: how many a round takes at most.
    init(limit: Int) { self.limit = limit }

    /// Asks, with whoever asks the like.
    /// - Parameter put: asks for all of a round, in their order. One caller's serves for all, so that it may depend on
    ///   `kind` only.
    /// - Throws: what hindered this question. Where a round fails, each of it is asked by itself, so that one that
    ///   cannot be answered hinders no other; unless nobody could be asked at all.
    func ask(
        _ item: Item, of kind: Kind, _ put: @escaping @Sendable ([Item]) async throws(Problem) -> Answer
    ) async throws(Problem) -> Answer {
        try await withCheckedContinuation { continuation in
            let asker = Asker(item: item, answer: continuation)
            let isOnItsWay = waiting.withLock { waiting in
                let isOnItsWay = waiting[kind] != nil
                waiting[kind, default: []].append(asker)
                return isOnItsWay
            }
            if !isOnItsWay { Task { await self.serve(kind, put) } }
        }.get()
    }

    /// How many wait for the next round of a kind.
    func waiting(for kind: Kind) -> Int { waiting.withLock { $0[kind]?.count ?? 0 } }

    /// Round after round, until nobody waits.
    private func serve(_ kind: Kind, _ put: @escaping @Sendable ([Item]) async throws(Problem) -> Answer) async {
        while let round = next(kind) {
            let answer = await Self.answer(round, put)
            if case .failure(let problem) = answer, round.count > 1, problem != .unavailable {
                await withDiscardingTaskGroup { group in
                    for asker in round {
                        group.addTask { asker.answer.resume(returning: await Self.answer([asker], put)) }
                    }
                }
            } else {
                for asker in round { asker.answer.resume(returning: answer) }
            }
        }
    }

    private static func answer(
        _ round: [Asker], _ put: @Sendable ([Item]) async throws(Problem) -> Answer
    ) async -> Swift.Result<Answer, Problem> {
        do throws(Problem) { return .success(try await put(round.map(\.item))) } catch { return .failure(error) }
    }

    private func next(_ kind: Kind) -> [Asker]? {
        waiting.withLock { waiting in
            guard let all = waiting[kind], !all.isEmpty else {
                waiting[kind] = nil
                return nil
            }
            waiting[kind] = Array(all.dropFirst(limit))
            return Array(all.prefix(limit))
        }
    }
}
