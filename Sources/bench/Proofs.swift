import Application
import ArgumentParser
import EventLog
import Foundation
import Kernel
import Postgres
import Vault

/// How long proofs take, out of a long log.
struct Proofs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Times proofs out of one long log.",
        discussion: """
            Starts a Postgres of its own, fills one organization's log through the appender's import lane, signs its \
            head, and asks for proofs as the API does, one after the other: an inclusion proof of an event anywhere in \
            the log, a consistency proof from a size anywhere, both to the signed head.
            """)

    @Option(help: "How many events the log has.")
    var events = 1_000_000

    @Option(help: "How many proofs of each kind.")
    var proofs = 5_000

    @Option(help: "A folder on the disk that is to be measured; Postgres' user must reach it.")
    var folder = "/var/tmp"

    @Option(help: "text, or json: one JSON object as the last line of standard output.")
    var format: Report.Format = .text

    func validate() throws {
        guard events > 0, proofs > 0 else { throw ValidationError("There are events and proofs.") }
    }

    func run() async throws {
        let ground = try await Ground.prepare(in: folder)
        let daybook = Daybook(
            database: ConnectionSettings(url: ground.url), master: MasterKey(bytes: Array(1...32)), clock: now,
            log: quiet)
        do {
            let report = try await measure(daybook, on: ground)
            await daybook.close()
            await ground.leave()
            report.write(format)
        } catch {
            await daybook.close()
            await ground.leave()
            throw error
        }
    }

    private func measure(_ daybook: Daybook, on ground: Ground) async throws -> Report {
        let founding = try await daybook.access.createOrganization(name: "Bench", email: "owner@example.com")
        let organization = founding.organization
        talk("appending \(events) events")
        try await fill(daybook.appender, organization)
        try await daybook.signer.sign()
        try await ground.settle()

        let caller = Caller.operating(on: organization)
        let size = try await daybook.reader.head(organization).position
        var report = Report()
        talk("\(proofs) proofs of each kind, out of \(size) events")
        report.passes = [
            [
                Case.Key("inclusion proof", writers: 1): try await time { dice in
                    let position = Int64.random(in: 1...size, using: &dice)
                    _ = try await daybook.queries.inclusion([Parameter("position", "\(position)")], by: caller)
                },
                Case.Key("consistency proof", writers: 1): try await time { dice in
                    let from = Int64.random(in: 1...size, using: &dice)
                    _ = try await daybook.queries.consistency([Parameter("from", "\(from)")], by: caller)
                },
            ]
        ]
        return report
    }

    /// Times one after the other; the first twentieth, which finds caches cold, is asked besides and not counted.
    private func time(_ proof: (inout Dice) async throws -> Void) async throws -> Sample {
        var dice = Dice(seed: 1)
        for _ in 0..<max(1, proofs / 20) { try await proof(&dice) }
        var times: [Int64] = []
        let began = ContinuousClock.now
        for _ in 0..<proofs {
            let start = ContinuousClock.now
            try await proof(&dice)
            times.append((ContinuousClock.now - start).inNanoseconds)
        }
        return Sample(times, within: ContinuousClock.now - began)
    }

    // MARK: - What is in the log?

    private static let eventsPerUnit = 500
    private static let unitsInFlight = 8

    private func fill(_ appender: Appender, _ organization: UUID) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in stride(from: 0, to: events, by: Self.eventsPerUnit) {
                if start >= Self.eventsPerUnit * Self.unitsInFlight { try await group.next() }
                let unit = Self.unit(start..<min(start + Self.eventsPerUnit, events), organization)
                group.addTask { _ = try await appender.append(unit) }
            }
            try await group.waitForAll()
        }
    }

    /// Events of new records, eight of each.
    private static func unit(_ numbers: Range<Int>, _ organization: UUID) -> EventLog.Unit {
        var dice = Dice(seed: numbers.lowerBound)
        var (drafts, expected): ([Draft], [UUID: Int32]) = ([], [:])
        var stream = organization
        let command = UUID.v7(at: now(), random: dice.words())
        for number in numbers {
            let place = drafts.count % 8
            if place == 0 { stream = UUID.v7(at: now(), random: dice.words()) }
            expected[stream] = 0
            let piece = Material.shared.pieces[number % Material.shared.pieces.count]
            drafts.append(
                Draft(
                    stream: stream, version: Int32(place + 1), type: piece.type, schema: 1, data: piece.data,
                    meta: piece.meta, actor: Material.shared.members[0], command: command, index: Int16(drafts.count)))
        }
        return EventLog.Unit(
            organization: organization, drafts: drafts, expected: expected, readAt: 0, lane: .import)
    }
}
