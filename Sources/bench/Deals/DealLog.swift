import FoundationEssentials
import Kernel
import Postgres
import Vault

/// The log of one organization, filled in seconds instead of being appended: it goes in by COPY, past the appender. The
/// table's constraints and the guard against gaps check it as they check everybody. Its hashes are random bytes of the
/// right lengths: nothing that is measured here looks at them.
///
/// What event N says depends on N alone, so a log that is there can be continued.
struct DealLog: Sendable {
    /// When its first event happened.
    static let start = Instant(microseconds: 1_767_225_600_000_000)
    /// Wrapped the keys of its deals.
    static let master = MasterKey(bytes: [UInt8](1...32))
    private static let batch = 50_000
    private static let meta = Array(
        #"{"actor_kind":"member","channel":"api","request":"019b7500-0000-7000-8000-000000000000"}"#.utf8)

    /// How many deals there are.
    let deals: Int
    /// Whose log it is; of another number of deals it is another's.
    let organization: UUID

    init(deals: Int) {
        self.deals = deals
        var dice = Dice(seed: -deals)
        organization = UUID.v7(at: Self.start, random: dice.words())
    }

    // MARK: - How is it filled?

    /// Makes the log go at least so far, on a superuser's connection, which row-level security lets copy.
    func fill(to events: Int, _ connection: BlockingConnection) throws {
        let head = try connection.query(Statement(SQL.filled) { $0.uuid(organization) })
        guard try !head[0].bool(1) else { throw AnotherLog() }
        let last = Int(try head[0].bigint(0))
        if last >= events { return }
        if last == 0 { try fillKeys(connection) }
        var versions = [Int32](repeating: 0, count: deals)
        for event in stride(from: 1, through: last, by: 1) { versions[deal(of: event)] += 1 }
        for first in stride(from: last + 1, through: events, by: Self.batch) {
            try copy(first..<min(first + Self.batch, events + 1), to: "log.event", connection) { event, rows in
                let deal = deal(of: event)
                versions[deal] += 1
                write(event, deal, versions[deal], to: &rows)
            }
        }
        try connection.execute("VACUUM ANALYZE log.event, vault.person_key")
    }

    /// A key for each deal.
    private func fillKeys(_ connection: BlockingConnection) throws {
        try copy(
            0..<deals, to: "vault.person_key (organization_id, person_id, wrapped)", connection
        ) { deal, rows in
            rows.copyRow(fields: 3)
            rows.uuid(organization)
            rows.uuid(id(deal))
            rows.bytea(PersonKeys.wrap(key(deal), Self.master, organization, id(deal)))
        }
    }

    /// A row for each number.
    private func copy(
        _ numbers: Range<Int>, to table: String, _ connection: BlockingConnection,
        _ row: (Int, inout FieldWriter) -> Void
    ) throws {
        try connection.copyIn("COPY \(table) FROM STDIN (FORMAT binary)") { send in
            var rows = FieldWriter(capacity: 1 << 17)
            rows.copyHeader()
            for number in numbers {
                row(number, &rows)
                if rows.bytes.count < 1 << 16 { continue }
                try rows.bytes.withUnsafeBytes(send)
                rows.removeAll()
            }
            rows.copyTrailer()
            try rows.bytes.withUnsafeBytes(send)
        }
    }

    // MARK: - What is in it?

    private func deal(of event: Int) -> Int {
        var dice = Dice(seed: event)
        return Int(dice.next() % UInt64(deals))
    }
    private func id(_ deal: Int) -> UUID {
        var dice = Dice(seed: deal * 8)
        return UUID.v7(at: Self.start, random: dice.words())
    }
    private func key(_ deal: Int) -> [UInt8] {
        var dice = Dice(seed: deal * 8 + 4)
        return dice.bytes(PersonKey.length)
    }

    private func write(_ event: Int, _ deal: Int, _ version: Int32, to rows: inout FieldWriter) {
        var dice = Dice(seed: -event)
        let said = DealEvent(of: deal, version: version, &dice)
        let stream = id(deal)
        let at = Self.start.microseconds + Int64(event) * 1_300_000
        rows.copyRow(fields: 15)
        rows.uuid(organization)
        rows.bigint(Int64(event))
        rows.uuid(stream)
        rows.int(version)
        rows.text(said.type)
        rows.smallint(1)
        rows.json(Array(said.data.utf8))
        rows.bytea(event.isMultiple(of: 3) ? sealed(said.type, deal, version, &dice) : nil)
        rows.json(Self.meta)
        rows.timestamptz(at)
        rows.timestamptz(at + 250)
        rows.uuid(Material.shared.members[event % 50])
        rows.uuid(stream)
        rows.smallint(0)
        rows.bytea(dice.bytes(event.isMultiple(of: 2) ? 96 : 32))
    }

    private func sealed(_ type: String, _ deal: Int, _ version: Int32, _ dice: inout Dice) -> [UInt8]? {
        let place = SealingPlace(
            organization: organization, stream: id(deal), version: version, type: type.utf8, schema: 1)
        let part = PersonKey(bytes: key(deal)).seal(
            Array(DealEvent.personal(&dice).utf8), .data, of: id(deal), at: place, nonce: dice.bytes(16))
        return SealedParts.bytes([part])
    }
}

/// The folder that was to be used again holds another log.
struct AnotherLog: Error, CustomStringConvertible {
    let description = "That folder keeps a log of another number of deals: give the same --deals, or another folder."
}
