import FoundationEssentials
import Kernel
import Postgres

/// An event as the baselines write it: ready, with hashes and sealed parts that nobody had to compute.
struct BaselineRow {
    var organization: UUID
    var stream: UUID
    var version: Int32
    var piece: Material.Piece
    var at: Int64
    var actor: UUID
    var command: UUID

    /// As the parameters `$1` to `$12` of `insert_one` and `append_locked`.
    func fill(_ parameters: inout Parameters) {
        parameters.uuid(organization)
        parameters.uuid(stream)
        parameters.int(version)
        parameters.text(piece.type)
        parameters.smallint(1)
        parameters.json(piece.data)
        parameters.bytea(piece.sealed)
        parameters.json(piece.meta)
        parameters.timestamptz(at)
        parameters.uuid(actor)
        parameters.uuid(command)
        parameters.bytea(piece.merkle)
    }
}

/// Who writes them: some records open in organizations picked at random, eight events each, as `Writer` does.
struct BaselineWriter {
    private static let life: Int32 = 8
    private let organizations: [UUID]
    private var dice = Dice(seed: Seeds.next())
    private var records: [(organization: UUID, stream: UUID, version: Int32)] = []

    init(_ organizations: [UUID]) {
        self.organizations = organizations
        for _ in 0..<16 { records.append(record()) }
    }

    private mutating func record() -> (UUID, UUID, Int32) {
        (organizations[Int.random(in: organizations.indices, using: &dice)], .v7(at: now(), random: dice.words()), 0)
    }

    mutating func next() -> BaselineRow {
        let number = Int.random(in: records.indices, using: &dice)
        if records[number].version == Self.life { records[number] = record() }
        records[number].version += 1
        let record = records[number]
        return row(record.organization, record.stream, record.version)
    }

    /// The next event of a record that somebody else keeps.
    mutating func row(_ organization: UUID, _ stream: UUID, _ version: Int32) -> BaselineRow {
        let moment = now()
        return BaselineRow(
            organization: organization, stream: stream, version: version,
            piece: Material.shared.pieces[Int(dice.next() & 1023)], at: moment.microseconds,
            actor: Material.shared.members[Int(dice.next() % 50)], command: .v7(at: moment, random: dice.words()))
    }

    mutating func any(_ count: Int) -> Int { Int.random(in: 0..<count, using: &dice) }
}
