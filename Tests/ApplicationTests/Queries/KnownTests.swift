import Testing

@testable import Application

struct KnownTests {
    /// Counts, and answers when it may.
    private actor Source {
        private(set) var reads = 0
        private var isOpen = false
        private var waiting: [CheckedContinuation<Void, Never>] = []

        func read() async -> Int {
            reads += 1
            let number = reads
            if !isOpen { await withCheckedContinuation { waiting.append($0) } }
            return number
        }
        func set(open: Bool) {
            isOpen = open
            for one in waiting where open { one.resume() }
            if open { waiting = [] }
        }
    }

    @Test func `it is read once for all who ask at the same time`() async {
        let (source, known) = (Source(), Known<Int, Never>())
        let answers = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<50 { group.addTask { await known.current { await source.read() } } }
            while await source.reads == 0 { await Task.yield() }
            for _ in 0..<1_000 { await Task.yield() }
            await source.set(open: true)
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers == Array(repeating: 1, count: 50))
        #expect(await source.reads == 1)
    }

    @Test func `while it is read anew what was known is told, unless that was wrong or is too old`() async {
        let source = Source()
        await source.set(open: true)
        let known = Known<Int, Never>(.init(fresh: .zero, good: .zero, usable: .seconds(600)))
        #expect(await known.current { await source.read() } == 1)
        await source.set(open: false)
        // It is old, and somebody looks; nobody waits for that.
        for _ in 0..<3 { #expect(await known.current { await source.read() } == 1) }
        while await source.reads < 2 { await Task.yield() }
        async let fresh = known.current(fresh: true) { await source.read() }
        await source.set(open: true)
        #expect(await fresh >= 2)

        let outdated = Known<Int, Never>(.init(fresh: .zero, good: .zero, usable: .zero))
        let first = await outdated.current { await source.read() }
        #expect(await outdated.current { await source.read() } == first + 1)
    }

    @Test func `whoever found it wrong does not take the word of a look that was begun before`() async {
        let source = Source()
        await source.set(open: true)
        let known = Known<Int, Never>(.init(fresh: .zero, good: .zero, usable: .seconds(600)))
        #expect(await known.current { await source.read() } == 1)
        await source.set(open: false)
        #expect(await known.current { await source.read() } == 1)
        while await source.reads < 2 { await Task.yield() }
        async let fresh = known.current(fresh: true) { await source.read() }
        for _ in 0..<1_000 { await Task.yield() }
        await source.set(open: true)
        #expect(await fresh == 3)
    }
}
