import CLibPQ
import Glibc

/// A thread of the operating system, for code that blocks: Swift's own pool must never wait.
enum OSThread {
    /// Starts `body` on a thread of its own with 4 MiB of stack. Linux shows the first 15 bytes of `name`.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Body(run: body, name: name))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 4 << 20)
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { raw in
                guard let raw else { return nil }
                let body = Unmanaged<Body>.fromOpaque(raw).takeRetainedValue()
                daybook_name_thread(body.name)
                body.run()
                return nil
            }, box.toOpaque())
        precondition(status == 0, "the system refuses another thread (errno \(status)): see ulimit -u")
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        let name: String
        init(run: @escaping @Sendable () -> Void, name: String) {
            self.run = run
            self.name = name
        }
    }
}
