import EventLog
import FoundationEssentials
import Kernel

/// One who appends, unit by unit: has some records open in organizations picked at random, and writes to no other's.
///
/// A record gets eight events, then a new one takes its place.
struct Writer: Sendable {
    private struct Record: Sendable {
        var tenant: Tenant
        var stream: UUID
        var version: Int32
    }
    /// A unit, and which record it is about.
    struct Errand: Sendable {
        var unit: Unit
        fileprivate var record: Int
    }

    private static let life = 8
    private let tenants: [Tenant]
    private var dice: Dice
    private var records: [Record] = []

    /// A writer with that many records open at a time.
    init(_ tenants: [Tenant], seed: Int, records count: Int = 16) {
        self.tenants = tenants
        dice = Dice(seed: seed)
        for _ in 0..<count { records.append(record()) }
    }

    private mutating func record() -> Record {
        let tenant = tenants[Int.random(in: tenants.indices, using: &dice)]
        return Record(tenant: tenant, stream: UUID.v7(at: now(), random: dice.words()), version: 0)
    }

    /// What it appends next.
    mutating func next() -> Errand {
        let number = Int.random(in: records.indices, using: &dice)
        if records[number].version == Self.life { records[number] = record() }
        let record = records[number]
        let unit = record.tenant.unit(
            for: record.stream, after: record.version, readAt: record.tenant.head, &dice)
        return Errand(unit: unit, record: number)
    }

    /// The errand is done.
    mutating func wrote(_ errand: Errand, _ receipt: Receipt) {
        records[errand.record].version += 1
        records[errand.record].tenant.reaches(receipt.last)
    }
}
