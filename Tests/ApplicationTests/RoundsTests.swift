import Testing

@testable import Application

struct RoundsTests {
    /// A gate that lets a question be answered when the test says so, and notes what was asked in one.
    private actor Desk {
        private(set) var rounds: [[Int]] = []
        private var isOpen = false
        private var waiting: [CheckedContinuation<Void, Never>] = []

        func put(_ items: [Int]) async {
            rounds.append(items)
            if !isOpen { await withCheckedContinuation { waiting.append($0) } }
        }
        func open() {
            isOpen = true
            for one in waiting { one.resume() }
            waiting = []
        }
        func close() { isOpen = false }

        /// Waits until so many rounds are on their way.
        nonisolated func wait(rounds: Int) async {
            while await self.rounds.count < rounds { await Task.yield() }
        }
    }

    @Test func `what comes while a question is on its way is asked in one, and each finds its answer`() async throws {
        let rounds = Rounds<String, Int, [Int: Int]>(limit: 4)
        let desk = Desk()
        @Sendable func ask(_ item: Int, of kind: String) async throws -> Int? {
            return try await rounds.ask(item, of: kind) { items throws(Problem) in
                await desk.put(items)
                return Dictionary(uniqueKeysWithValues: items.map { ($0, $0 * $0) })
            }[item]
        }
        try await withThrowingTaskGroup(of: (Int, Int?).self) { group in
            group.addTask { (1, try await ask(1, of: "a")) }
            await desk.wait(rounds: 1)
            for item in 2...7 { group.addTask { (item, try await ask(item, of: "a")) } }
            group.addTask { (8, try await ask(8, of: "b")) }
            // Another kind does not wait.
            await desk.wait(rounds: 2)
            while rounds.waiting(for: "a") < 6 { await Task.yield() }
            await desk.open()
            for try await (item, answer) in group { #expect(answer == item * item) }
        }
        let all = await desk.rounds
        #expect(all.prefix(2).map { $0 } == [[1], [8]])
        #expect(all.allSatisfy { $0.count <= 4 })
        #expect(all.flatMap { $0 }.sorted() == Array(1...8))
        #expect(all.count < 8)
    }

    @Test func `what hinders one round is told to its callers and to no others`() async throws {
        let rounds = Rounds<String, Int, Int>(limit: 4)
        func ask(_ fails: Bool) async -> Swift.Result<Int, Problem> {
            do throws(Problem) {
                return .success(
                    try await rounds.ask(1, of: "a") { items throws(Problem) in
                        if fails { throw .fault }
                        return items.count
                    })
            } catch { return .failure(error) }
        }
        #expect(await ask(true) == .failure(.fault))
        #expect(await ask(false) == .success(1))
    }

    @Test func `one that cannot be answered hinders none that were asked with it, unless nobody can be asked`() async {
        let (rounds, desk) = (Rounds<String, Int, [Int]>(limit: 9), Desk())
        @Sendable func ask(_ item: Int, _ problem: Problem) async -> Swift.Result<[Int], Problem> {
            do throws(Problem) {
                return .success(
                    try await rounds.ask(item, of: problem.code) { items throws(Problem) in
                        await desk.put(items)
                        if items.contains(3) { throw problem }
                        return items
                    })
            } catch { return .failure(error) }
        }
        for problem in [Problem.fault, .unavailable] {
            await desk.close()
            let known = await desk.rounds.count
            let answers = await withTaskGroup(of: (Int, Swift.Result<[Int], Problem>).self) { group in
                group.addTask { (1, await ask(1, problem)) }
                await desk.wait(rounds: known + 1)
                for item in 2...5 { group.addTask { (item, await ask(item, problem)) } }
                while rounds.waiting(for: problem.code) < 4 { await Task.yield() }
                await desk.open()
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            #expect(answers[3] == .failure(problem))
            let isAlone = problem != .unavailable
            for item in [2, 4, 5] { #expect(answers[item] == (isAlone ? .success([item]) : .failure(problem))) }
        }
    }
}
