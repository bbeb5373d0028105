import FoundationEssentials
import Kernel
import Logging
import Postgres
import Synchronization
import Vault

/// Signs the head of each log that grows, within a second (DESIGN §3): one for each process.
///
/// It hears from its appender which logs have grown and signs them in rounds, several organizations in one statement.
/// What a process left unsigned when it was killed is found by the sweep of another, or of the next one. Several
/// processes may sign the same head: the second finds it signed.
///
/// Nothing is signed blindly: by the hashes stored now, the last signed head must be the beginning of the next one.
/// Whoever has the database can write a history anew, and gets no signature for it.
public final class HeadSigner: Sendable {
    /// How long after a round the next one begins, at the earliest.
    private static let pause = Duration.milliseconds(750)
    /// How often all logs are looked through for heads that nobody signed.
    private static let sweep = Duration.seconds(30)

    private struct State {
        var grown: Set<UUID> = []
        var isDue = false
        var lastRound = ContinuousClock.now - HeadSigner.pause
    }
    private let state = Mutex(State())
    private let connection: PipelinedConnection
    private let signing: Signing
    private let log: Logger
    private let wake: AsyncStream<Void>.Continuation
    private let tasks = Mutex<(hearing: Task<Void, Never>, others: [Task<Void, Never>])?>(nil)

    /// Starts to sign over a connection of its own, as `daybook_worker` unless the settings name a role.
    /// - Parameters:
    ///   - keys: where the keys are.
    ///   - appender: this process' own, which tells what has grown.
    ///   - clock: the time at which heads are signed.
    public init(
        _ settings: ConnectionSettings, keys: SigningKeys, appender: Appender,
        clock: @escaping @Sendable () -> Instant, log: Logger
    ) {
        // What cannot be signed now is signed later: nobody waits long for it.
        connection = PipelinedConnection(
            settings.with(role: settings.role ?? "daybook_worker").with(settings: ["statement_timeout": "10s"]),
            name: "daybook-sign", reconnect: Reconnect(patience: .seconds(2)), log: log)
        signing = Signing(connection: connection, keys: keys, clock: clock, log: log)
        self.log = log
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.wake = wake
        let hints = appender.hints()
        let started = (
            hearing: Task { [weak self] in
                for await batch in hints { self?.hear(batch.map(\.organization)) }
            },
            others: [
                Task { [weak self] in for await _ in wakes { await self?.round() } },
                Task { [weak self] in await Self.sweep(self) },
            ]
        )
        tasks.withLock { $0 = started }
    }

    deinit {
        wake.finish()
        tasks.withLock { $0 }?.others.forEach { $0.cancel() }
    }

    // MARK: - What can be asked of it?

    /// Signs all heads that nobody has signed, and returns when that is done. A log whose key is not here stays as it
    /// is.
    public func sign() async throws(PostgresError) {
        try await signing.sign(signing.unsigned())
    }

    /// Of how many logs the head is not signed, because what is stored contradicts what was signed before; as far as
    /// this process has looked.
    public var refused: Int { signing.refused }

    /// Signs what the appender, which is closed already, has written, and disconnects.
    public func close() async {
        let tasks = tasks.withLock { $0 }
        await tasks?.hearing.value
        for task in tasks?.others ?? [] {
            task.cancel()
            await task.value
        }
        await round()
        wake.finish()
        await connection.close()
    }

    // MARK: - When is a head signed?

    private func hear(_ organizations: some Sequence<UUID>) {
        let due = state.withLock { state -> ContinuousClock.Instant? in
            state.grown.formUnion(organizations)
            guard !state.isDue, !state.grown.isEmpty else { return nil }
            state.isDue = true
            return max(.now, state.lastRound + Self.pause)
        }
        guard let due else { return }
        Task { [wake] in
            try? await Task.sleep(until: due, clock: .continuous)
            wake.yield()
        }
    }

    private func round() async {
        let grown = state.withLock { state in
            defer { state.grown = [] }
            (state.isDue, state.lastRound) = (false, .now)
            return state.grown
        }
        if grown.isEmpty { return }
        do throws(PostgresError) {
            try await signing.sign(Array(grown))
        } catch {
            log.debug("heads could not be signed; they will be", metadata: ["error": "\(error)"])
            hear(grown)
        }
    }

    private static func sweep(_ signer: @autoclosure () -> HeadSigner?) async {
        while !Task.isCancelled, let signing = signer()?.signing {
            if let unsigned = try? await signing.unsigned() { signer()?.hear(unsigned) }
            try? await Task.sleep(for: sweep)
        }
    }
}
