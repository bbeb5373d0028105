import NIOCore

/// How long a client has been waited for. Only the time counts in which it is its turn: while the server works, or
/// takes no more because a disk is slow, nobody waits for the client.
struct Wait: Equatable {
    /// Since when it is the client's turn; nil: it is not.
    private var since: NIODeadline?
    /// How long it was before.
    private var before = TimeAmount.zero

    /// It is the client's turn from now on, or is not any more.
    mutating func turn(isTheirs: Bool, at now: NIODeadline) {
        if let began = since, !isTheirs {
            before = before + (now - began)
            since = nil
        } else if isTheirs, since == nil {
            since = now
        }
    }

    /// What was waited for came: from the next turn on it is waited for something else.
    mutating func renew() { (since, before) = (nil, .zero) }

    /// When the client will have taken so long, if it goes on being its turn.
    func end(after allowance: TimeAmount) -> NIODeadline? { since.map { $0 + (allowance - before) } }
}
