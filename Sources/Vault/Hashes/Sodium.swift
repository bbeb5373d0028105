import CSodium

/// libsodium, which must be told to begin once in a process before anything else of it is called.
enum Sodium {
    /// Touching this begins libsodium, once, whatever the number of threads.
    static let ready: Void = {
        let status = sodium_init()
        precondition(status >= 0, "libsodium does not start: the system gives no randomness")
    }()
}
