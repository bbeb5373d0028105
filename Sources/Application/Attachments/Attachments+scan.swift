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
    private let names = Mutex<[FileName]>([])
    private let refused = Mutex<Set<FileName>>([])
    private let bell: AsyncStream<Void>.Continuation
    /// Rings when something came.
    let rings: AsyncStream<Void>

    init() { (rings, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// Adds files, each once; those that a scanner refused are left until the process starts anew.
    func add(_ more: some Sequence<FileName>, isHeard: Bool = true) {
        let refused = refused.withLock { $0 }
        names.withLock { names in names += more.filter { !names.contains($0) && !refused.contains($0) } }
        if isHeard { bell.yield() }
    }
    func ring() { bell.yield() }
    func refuse(_ name: FileName) { refused.withLock { _ = $0.insert(name) } }
    func next() -> FileName? { names.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
    func clear() { names.withLock { $0 = [] } }
}

extension Attachments {
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
            pending.add(await left(database), isHeard: false)
            while let name = pending.next(), !Task.isCancelled {
                do { try await scan(name, by: scanner) } catch {
                    log.warning("a file was not scanned", metadata: ["error": "\(error)"])
                    switch error {
                    case ScanError.refused: pending.refuse(name)
                    // Who does not answer for one file answers for none: the next ring tries again.
                    default: pending.clear()
                    }
                }
            }
        }
    }

    /// What the read tables know as pending.
    private func left(_ database: PipelinedConnection) async -> [FileName] {
        do {
            return try await database.query(Statement(SQL.pendingScans)).map { row in
                FileName(try row.uuid(0), try row.uuid(1))
            }
        } catch { return [] }
    }

    /// Scans one file, and notes what came of it.
    func scan(_ name: FileName, by scanner: any VirusScanner) async throws {
        let caller = Caller(
            organization: name.organization, actor: name.organization, kind: .automation, role: .owner,
            channel: .policy, request: "scan")
        let file: Content
        do { file = try await content(name.id, by: caller, for: .scanning) } catch {
            // It is gone, or was put away for good, meanwhile.
            if error.status < 500 { return }
            throw error
        }
        let scan = try await scanner.begin()
        try await file.read(0..<file.size) { try await scan.take($0) }
        var body: [String: JSON] = [:]
        switch try await scan.finish() {
        case .clean: body["verdict"] = .string(Attachment.Scan.clean.rawValue)
        case .infected(let finding):
            body = ["verdict": .string(Attachment.Scan.infected.rawValue), "finding": .string(finding)]
        }
        _ = try await commands.execute([Ask(Attachment.name, .id(name.id), "record_scan", .object(body))], by: caller)
    }
}
