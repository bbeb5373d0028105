import Dispatch

/// Work that waits for a disk or a server, on threads that may wait: those of tasks are few and must not.
enum Aside {
    private static let queue = DispatchQueue(label: "daybook files", attributes: .concurrent)

    static func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            queue.async {
                do throws(Failure) { continuation.resume(returning: .success(try work())) } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
