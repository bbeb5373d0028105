import CRM
import Files
import FoundationEssentials
import Kernel
import Logging
import Postgres
import Synchronization

// MARK: Who looks for viruses, and when?

/// Files that wait for the scanner, and who is woken when one comes.
final class PendingScans: Sendable {
    private let queue = Mutex(ScanQueue())
    private let bell: AsyncStream<Void>.Continuation
    /// Rings when something came.
    let rings: AsyncStream<Void>

    init() { (rings, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// Adds files, and wakes whoever scans.
    func add(_ more: some Sequence<FileName>) {
        change { $0.add(more) }
        ring()
    }
    func ring() { bell.yield() }
    func change<Value: Sendable>(_ body: (inout ScanQueue) -> Value) -> Value { queue.withLock { body(&$0) } }
    var counts: ScanCounts { change { $0.counts } }
}

extension Attachments {
    /// How many files wait for the scanner; nil where there is none.
    public var scans: ScanCounts? { options.scanner == nil ? nil : pending.counts }

    /// How long after a failure, and after all is scanned, the tables are asked what is pending.
    static let interval = Duration.seconds(15)

    /// Scans what is pending, and what comes, until the task is cancelled. Where the scanner does not answer, files
    /// stay pending and are scanned later; any number of processes may do so beside each other.
    /// - Parameter database: a connection of the worker.
    func scan(_ database: PipelinedConnection) async {
        guard let scanner = options.scanner else { return }
        let clock = Task { [pending] in
            while !Task.isCancelled {
                pending.ring()
                try? await Task.sleep(for: Self.interval)
            }
        }
        defer { clock.cancel() }
        for await _ in pending.rings {
            if Task.isCancelled { return }
            let left = await left(database, besides: pending.change { $0.known })
            pending.change { $0.add(left) }
            await scanAll(by: scanner)
        }
    }

    /// Scans what waits, one after the other, as long as the scanner answers.
    private func scanAll(by scanner: any VirusScanner) async {
        while !Task.isCancelled, let name = pending.change({ $0.next(at: commands.clock()) }) {
            let outcome = await scan(name, by: scanner)
            pending.change { $0.take(outcome, of: name, at: commands.clock()) }
            switch outcome {
            case .settled, .gone: break
            case .hindered(_, let why):
                log.warning("a file was not scanned", metadata: ["attachment": "\(name.id.text)", "error": "\(why)"])
            case .interrupted(let why): log.warning("files are not scanned just now", metadata: ["error": "\(why)"])
            }
            if outcome.endsRound { return }
        }
    }

    /// What the read tables know as pending.
    private func left(_ database: PipelinedConnection, besides known: [FileName]) async -> [FileName] {
        let statement = Statement(SQL.pendingScans) { $0.uuids(known.map(\.id)) }
        do {
            return try await database.query(statement).map { row in FileName(try row.uuid(0), try row.uuid(1)) }
        } catch { return [] }
    }

    /// Scans one file, and notes what came of it.
    func scan(_ name: FileName, by scanner: any VirusScanner) async -> ScanOutcome {
        let caller = Caller(
            organization: name.organization, actor: name.organization, kind: .automation, role: .owner,
            channel: .policy, request: "scan")
        let verdict: Verdict
        do {
            let file = try await content(name.id, by: caller, for: .scanning)
            // Another process was faster.
            guard file.isPending else { return .settled }
            let scan: any VirusScan
            do { scan = try await scanner.begin() } catch { return .interrupted("\(error)") }
            try await file.read(0..<file.size) { try await scan.take($0) }
            verdict = try await scan.finish()
        } catch let error as ScanError {
            switch error {
            case .refused: return .hindered(.refused, "\(error)")
            case .unavailable: return .hindered(.unanswered, "\(error)")
            }
        } catch let problem as Problem {
            if problem == .fileMissing || problem == .keyMissing { return .hindered(.unreadable, problem.code) }
            return problem.status < 500 ? .gone : .interrupted(problem.code)
        } catch { return .interrupted("\(error)") }
        do throws(Problem) {
            let ask = Ask(Attachment.name, .id(name.id), "record_scan", .object(verdict.members))
            _ = try await commands.execute([ask], by: caller)
            return .settled
        } catch { return error.status < 500 ? .gone : .interrupted(error.code) }
    }
}

/// What came of scanning one file.
enum ScanOutcome: Sendable, Hashable {
    case settled
    /// There is nothing to be scanned any more.
    case gone
    /// It could not be scanned; others may be.
    case hindered(ScanQueue.Hindrance, String)
    /// Nothing can be scanned just now.
    case interrupted(String)

    /// Who does not answer for one file answers for none: the next ring tries again.
    var endsRound: Bool {
        switch self {
        case .settled, .gone, .hindered(.refused, _), .hindered(.unreadable, _): false
        case .hindered(.unanswered, _), .interrupted: true
        }
    }
}

extension ScanQueue {
    /// Notes what came of a file.
    mutating func take(_ outcome: ScanOutcome, of name: FileName, at now: Instant) {
        switch outcome {
        case .settled: settle(name)
        case .gone: forget(name)
        case .hindered(let why, _): putAside(name, why, at: now)
        case .interrupted: break
        }
        if outcome.endsRound { clear() }
    }
}

extension Verdict {
    /// As `record_scan` takes it.
    fileprivate var members: [String: JSON] {
        switch self {
        case .clean: ["verdict": .string(Attachment.Scan.clean.rawValue)]
        case .infected(let finding):
            [
                "verdict": .string(Attachment.Scan.infected.rawValue),
                "finding": .string(MailText.line(finding, 200) ?? "unnamed"),
            ]
        }
    }
}
