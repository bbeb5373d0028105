import DomainTesting
import Kernel
import Testing

/// An entity that breaks laws on purpose, so that we know that the checks see it.
private enum Canary: Entity {
    static let name = "canary", plural = "canaries"
    static let fields: [Field] = []
    enum Command: Sendable, Equatable { case sing, hide, vanish }
    static let acts: [Act<Command>] = [
        Act("sing", .verb, "") { _ in .sing }, Act("hide", .verb, "") { _ in .hide },
        Act("vanish", .verb, "") { _ in .vanish },
    ]
    enum Event: Message {
        case sung, archived, vanished
        enum CodingKeys: String, CodingKey, CaseIterable {
            case sung = "bird.sung@1"
            case archived = "canary.archived@1"
        }
    }
    enum Rejection: String, Refusal {
        case absent = "canary.not_found"
        var detail: String { "" }
        var reason: RefusalReason { .absent }
    }
    static let initial = 0
    static func decide(_ command: Command, given _: Int, in _: Context) throws(Rejection) -> [Event] {
        switch command {
        case .sing: [.sung]
        case .hide: [.archived]
        case .vanish: [.vanished]
        }
    }
    static func evolve(_ state: inout Int, _ event: Event) { state += 1 }
    static func claims(_: Int) -> Set<Claim> { [Claim("canary.song", "la")] }
    static func contradictions(_ state: Int, known: Context) -> [String] { state > 2 ? ["it sang too often"] : [] }
}

@Suite struct CanaryTests {
    @Test(arguments: ["decided twice", "does not survive storage", "is not an event of", "keeps claims", "too often"])
    func `a broken law is told`(law: String) {
        var world = World([Canary.self], seed: 1, ids: [:], recurring: [])
        world.run(50)
        #expect(world.violations.contains { $0.contains(law) })
    }

    @Test func `the same seed asks for the same`() {
        var (one, other) = (Arbitrary(7), Arbitrary(7))
        let fields = [Field("a", .text(5)).required(), Field("b", .money)]
        for _ in 0..<50 { #expect(one.body(fields, partial: true) == other.body(fields, partial: true)) }
    }
}
