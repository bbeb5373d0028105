/// Runs `body`, and then `end` whatever became of it: to its own end, also when the task was cancelled meanwhile.
/// - Throws: what `body` threw, else what `end` threw.
func leaving<R: Sendable>(
    by end: @escaping @Sendable () async throws -> Void, after body: () async throws -> R
) async throws -> R {
    let outcome: Result<R, any Error>
    do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
    // Unstructured: a cancelled task would cut short what ends things well.
    let last = await Task { try await end() }.result
    let value = try outcome.get()
    try last.get()
    return value
}
