import Application
import FoundationEssentials
import Kernel
import Postgres
import Vault

/// Founds organizations and writes their logs, past HTTP: the events go in by COPY, as an import of long ago would have
/// left them. Their hashes are random bytes of the right lengths.
struct Filling {
    let daybook: Daybook
    let ground: Ground

    private static let meta = Array(#"{"act":"import","actor_kind":"import","channel":"import"}"#.utf8)

    /// - Returns: who asks for it.
    func found(_ size: Company.Size, _ number: Int) async throws -> Client {
        let founding = try await daybook.access.createOrganization(
            name: "Bench \(number)", email: "owner\(number)@example.com", password: "password of the benchmark")
        let stages = Statement(SQL.pipelineStages) { $0.uuid(founding.organization) }
        let rows = try await ground.administer(as: "postgres") { try $0.query(stages) }
        func ids(_ kind: String) throws -> [UUID] {
            try rows.filter { try $0.text(2) == kind }.map { try $0.uuid(1) }
        }
        let company = Company(
            id: founding.organization, owner: founding.owner, pipeline: try rows[0].uuid(0),
            stages: (try ids("open"), try ids("won")[0], try ids("lost")[0]), size: size,
            recorded: Instant(microseconds: try rows[0].timestamptz(4)))
        let head = try rows[0].bigint(3)
        try await ground.administer(as: "postgres") { connection in
            try Filling.write(company, after: head, connection)
        }
        return Client(organization: founding.organization, token: founding.token, contacts: size.contacts)
    }

    private static func write(_ company: Company, after head: Int64, _ connection: BlockingConnection) throws {
        let keys = "COPY vault.person_key (organization_id, person_id, wrapped) FROM STDIN (FORMAT binary)"
        try copy(company.persons, keys, connection) { number, rows in
            let person = company.person(number)
            rows.copyRow(fields: 3)
            rows.uuid(company.id)
            rows.uuid(person)
            rows.bytea(PersonKeys.wrap(company.key(person), DealLog.master, company.id, person))
        }
        // A batch a statement: the guard against gaps looks at each statement's rows.
        var next = 0
        while next < company.size.events {
            let count = min(50_000, company.size.events - next)
            let start = next
            try copy(count, "COPY log.event FROM STDIN (FORMAT binary)", connection) { number, rows in
                write(company, start + number, head, to: &rows)
            }
            next += count
        }
    }

    private static func copy(
        _ count: Int, _ sql: String, _ connection: BlockingConnection, _ row: (Int, inout FieldWriter) -> Void
    ) throws {
        try connection.copyIn(sql) { send in
            var rows = FieldWriter(capacity: 1 << 17)
            rows.copyHeader()
            for number in 0..<count {
                row(number, &rows)
                if rows.bytes.count < 1 << 16 { continue }
                try rows.bytes.withUnsafeBytes(send)
                rows.removeAll()
            }
            rows.copyTrailer()
            try rows.bytes.withUnsafeBytes(send)
        }
    }

    private static func write(_ company: Company, _ number: Int, _ head: Int64, to rows: inout FieldWriter) {
        let line = company.line(number)
        var dice = Dice(seed: -number)
        let position = head + Int64(number) + 1
        rows.copyRow(fields: 15)
        rows.uuid(company.id)
        rows.bigint(position)
        rows.uuid(line.stream)
        rows.int(line.version)
        rows.text(line.type)
        rows.smallint(1)
        rows.json(Array(line.data.utf8))
        rows.bytea(line.personal.flatMap { sealed($0, line, company, &dice) })
        rows.json(meta)
        rows.timestamptz(line.occurred)
        rows.timestamptz(company.recorded.microseconds + Int64(number))
        rows.uuid(company.owner)
        rows.uuid(line.stream)
        rows.smallint(0)
        rows.bytea(dice.bytes(32 * (1 + position.trailingZeroBitCount)))
    }

    private static func sealed(
        _ text: String, _ line: Company.Line, _ company: Company, _ dice: inout Dice
    ) -> [UInt8]? {
        let place = SealingPlace(
            organization: company.id, stream: line.stream, version: line.version, type: line.type.utf8, schema: 1)
        let part = PersonKey(bytes: company.key(line.stream)).seal(
            Array(text.utf8), .data, of: line.stream, at: place, nonce: dice.bytes(16))
        return SealedParts.bytes([part])
    }
}

/// Who asks: the owner of an organization.
struct Client: Sendable, Codable {
    let organization: UUID
    let token: String
    let contacts: Int
}
