import Application
import ArgumentParser
import Foundation
import Kernel
import Logging
import Postgres
import Projections
import Synchronization

/// A server process of which only the port is missing: commands, appender and projector as `daybook serve` has them.
/// It reads errands from standard input and answers on standard output, a line of JSON each.
struct Worker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What `crash` starts and kills.", shouldDisplay: false)

    @Option var url: String
    @Option var canary: Canary?

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let clock = SteppedClock()
        let daybook = Ground.daybook(url, clock: clock.now)
        let canary = canary
        let projecting = Task { [url] in
            if canary == .outsideCheckpoint {
                await CarelessProjector(url).run()
            } else {
                await daybook.projector.run()
            }
        }
        let out = Output()
        out.line(["ready": true])
        await withTaskGroup(of: Void.self) { group in
            for await line in Lines(STDIN_FILENO).stream {
                guard let json = try? JSON(parsing: line) else { continue }
                if let offset = json["clock"]?.integer { clock.set(offset) }
                guard let number = json["number"]?.integer, let errand = json["errand"].flatMap(Errand.init) else {
                    continue
                }
                group.addTask {
                    let reply = await Self.carryOut(errand, daybook)
                    out.line(["number": .integer(number), "reply": reply.json])
                }
            }
        }
        projecting.cancel()
        await projecting.value
        await daybook.close()
    }

    private static func carryOut(_ errand: Errand, _ daybook: Daybook) async -> Reply {
        let caller = Caller(
            organization: errand.household.organization, actor: errand.household.owner, kind: .member, role: .owner,
            channel: .api, request: errand.key)
        let asks = errand.orders.map { Ask($0.entity, $0.id.map { .id($0) } ?? .new, $0.act, $0.body) }
        do throws(Application.Problem) {
            let answer = try await daybook.commands.execute(asks, by: caller, key: errand.key)
            let hash = answer.position.text.split(separator: "-").last.map(String.init) ?? ""
            let items = answer.results.map { Reply.Done.Item(id: $0.id, version: Int64($0.version)) }
            return .done(Reply.Done(position: answer.position.position, hash: hash, items: items))
        } catch {
            return .problem(status: error.status, code: error.code)
        }
    }
}

/// A clock that is set back and forth.
final class SteppedClock: Sendable {
    private let offset = Atomic<Int64>(0)
    func set(_ microseconds: Int64) { offset.store(microseconds, ordering: .relaxed) }
    var now: @Sendable () -> Instant {
        { [self] in
            let time = Int64(Date().timeIntervalSince1970 * 1_000_000)
            return Instant(microseconds: time + offset.load(ordering: .relaxed))
        }
    }
}

/// Whole lines to standard output, from many tasks.
final class Output: Sendable {
    private let lock = Mutex(())
    func line(_ json: JSON) {
        let bytes = json.bytes + [UInt8(ascii: "\n")]
        lock.withLock { _ in
            try? FileHandle.standardOutput.write(contentsOf: bytes)
        }
    }
}
