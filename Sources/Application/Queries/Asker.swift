import Kernel

/// Who asks a question and when: what `me` and `today` mean in it.
struct Asker: Sendable {
    let caller: Caller
    let now: Instant
}

extension Queries {
    func asker(_ caller: Caller) -> Asker { Asker(caller: caller, now: surroundings.clock()) }
}
