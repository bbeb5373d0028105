import Glibc

/// A value behind a pthread mutex: short critical sections only.
///
/// Not `Synchronization.Mutex`: on Linux that is a bare futex, in which ThreadSanitizer sees races that are not there.
///
/// `@unchecked Sendable`: `value` is touched only between lock and unlock.
final class Locked<Value>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    init(_ value: sending Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        mutex.deallocate()
        condition.deallocate()
    }

    func withLock<T>(_ body: (inout Value) throws -> sending T) rethrows -> sending T {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }

    /// Blocks the calling thread until `body` returns a value; `body` is asked again after each `wake`.
    func wait<T>(_ body: (inout Value) -> sending T?) -> sending T {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let found = body(&value) { return found }
            pthread_cond_wait(condition, mutex)
        }
    }

    /// Asks all that wait to look again.
    func wake() { pthread_cond_broadcast(condition) }
}
