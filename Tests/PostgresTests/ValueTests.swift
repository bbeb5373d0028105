import FoundationEssentials
import Postgres
import PostgresTesting
import Testing

/// The same numbers at each run, so that a failure repeats (SplitMix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    mutating func optional<T>(_ make: (inout Seeded) -> T) -> T? { next() % 5 == 0 ? nil : make(&self) }
    mutating func list<T>(_ make: (inout Seeded) -> T) -> [T] { (0..<Int(next() % 6)).map { _ in make(&self) } }
    mutating func text() -> String {
        let alphabet = Array("aZ09 '\"\\{},é漢🂡\n\u{7F}\u{1}")
        return String(list { alphabet[Int($0.next() % UInt64(alphabet.count))] })
    }
    mutating func bytes() -> [UInt8] { list { UInt8(truncatingIfNeeded: $0.next()) } }
    mutating func uuid() -> UUID {
        let bytes = (next(), next())
        return withUnsafeBytes(of: bytes) { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
    /// Within Postgres' range: 4713 BC to 294276 AD.
    mutating func instant() -> Int64 { Int64(bitPattern: next()) % 9_000_000_000_000_000 }
}

@Suite struct ValueTests {
    private func connection() async throws -> PipelinedConnection {
        PipelinedConnection(try await TestCluster.shared.database(migrated: false).settings(), log: quiet)
    }

    @Test func `each scalar comes back as it went`() async throws {
        let connection = try await connection()
        var seeded = Seeded(state: 1)
        for _ in 0..<150 {
            let (uuid, text) = (seeded.optional { $0.uuid() }, seeded.optional { $0.text() })
            let (bytes, bool) = (seeded.optional { $0.bytes() }, seeded.optional { $0.next() % 2 == 0 })
            let big = seeded.optional { Int64(bitPattern: $0.next()) }
            let int = seeded.optional { Int32(truncatingIfNeeded: $0.next()) }
            let small = seeded.optional { Int16(truncatingIfNeeded: $0.next()) }
            let double = seeded.optional { Double(bitPattern: $0.next()) }
            let (instant, day) = (
                seeded.optional { $0.instant() }, seeded.optional { Int32($0.next() % 90_000) - 40_000 }
            )
            let row = try await connection.query(
                Statement("SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10") {
                    $0.uuid(uuid)
                    $0.text(text)
                    $0.bytea(bytes)
                    $0.bool(bool)
                    $0.bigint(big)
                    $0.int(int)
                    $0.smallint(small)
                    $0.double(double)
                    $0.timestamptz(instant)
                    $0.date(day)
                })[0]
            #expect(try row.uuid(orNil: 0) == uuid)
            #expect(try row.text(orNil: 1) == text)
            #expect(try row.bytea(orNil: 2) == bytes)
            #expect(try row.bool(orNil: 3) == bool)
            #expect(try row.bigint(orNil: 4) == big)
            #expect(try row.int(orNil: 5) == int)
            #expect(try row.smallint(orNil: 6) == small)
            #expect(try row.double(orNil: 7)?.bitPattern == double?.bitPattern)
            #expect(try row.timestamptz(orNil: 8) == instant)
            #expect(try row.date(orNil: 9) == day)
        }
        await connection.close()
    }

    @Test func `each array comes back as it went, empty ones and NULLs too`() async throws {
        let connection = try await connection()
        var seeded = Seeded(state: 2)
        for _ in 0..<100 {
            let uuids = seeded.list { $0.optional { $0.uuid() } }
            let texts = seeded.list { $0.optional { $0.text() } }
            let byteas = seeded.list { $0.optional { $0.bytes() } }
            let bigints = seeded.list { $0.optional { Int64(bitPattern: $0.next()) } }
            let ints = seeded.list { $0.optional { Int32(truncatingIfNeeded: $0.next()) } }
            let row = try await connection.query(
                Statement("SELECT $1, $2, $3, $4, $5") {
                    $0.uuids(uuids)
                    $0.texts(texts)
                    $0.byteas(byteas)
                    $0.bigints(bigints)
                    $0.ints(ints)
                })[0]
            #expect(try row.uuids(0) == uuids)
            #expect(try row.texts(1) == texts)
            #expect(try row.byteas(2) == byteas)
            #expect(try row.bigints(3) == bigints)
            #expect(try row.ints(4) == ints)
        }
        await connection.close()
    }

    @Test func `Postgres reads what we mean`() async throws {
        let connection = try await connection()
        let row = try await connection.query(
            Statement(
                """
                SELECT $1::text, ($2 AT TIME ZONE 'UTC')::text, $3::text, $4::text, $5::text, $6::text, $7::text,
                    $8::text, $9::text, $10::text, $11::text
                """
            ) {
                $0.date(17_226)
                $0.timestamptz(1_488_326_400_123_456)
                $0.jsonb(Array(#"{"b":1,  "a":2}"#.utf8))
                $0.json(Array(#"{"b":1,  "a":2}"#.utf8))
                $0.smallints([-1, nil, 3])
                $0.bools([true, false])
                $0.doubles([1.5, -0.25])
                $0.dates([0, -1])
                $0.timestamptzs([0])
                $0.jsons([Array("[1]".utf8), nil])
                $0.jsonbs([Array("[1,  2]".utf8)])
            })[0]
        let texts = try (0..<11).map { column throws(PostgresError) in try row.text(column) }
        #expect(texts[0] == "2017-03-01")
        #expect(texts[1] == "2017-03-01 00:00:00.123456")
        #expect(texts[2] == #"{"a": 2, "b": 1}"#)
        #expect(texts[3] == #"{"b":1,  "a":2}"#)
        #expect(texts[4...6] == ["{-1,NULL,3}", "{t,f}", "{1.5,-0.25}"])
        #expect(
            texts[7...10] == ["{1970-01-01,1969-12-31}", #"{"1970-01-01 00:00:00+00"}"#, "{[1],NULL}", #"{"[1, 2]"}"#])
        await connection.close()
    }

    @Test func `infinities are the extremes, both ways`() async throws {
        let connection = try await connection()
        let row = try await connection.query(
            Statement("SELECT $1 = 'infinity', $2 = '-infinity', 'infinity'::timestamptz, '-infinity'::date") {
                $0.timestamptz(.max)
                $0.date(.min)
            })[0]
        #expect(try row.bool(0) && row.bool(1))
        #expect(try row.timestamptz(2) == .max)
        #expect(try row.date(3) == .min)
        await connection.close()
    }

    @Test func `jsonb is read without its version byte`() async throws {
        let connection = try await connection()
        let row = try await connection.query(Statement(#"SELECT '{"a": 1}'::jsonb, '{"a":1}'::json"#))[0]
        #expect(try row.text(0) == #"{"a": 1}"#)
        #expect(try row.bytea(0) == Array(#"{"a": 1}"#.utf8))
        #expect(row.withBytes(1) { $0.map { [UInt8]($0) } } == Array(#"{"a":1}"#.utf8))
        await connection.close()
    }

    @Test func `a NULL, another type, a missing column and a missing row are refused, and nothing traps`() async throws
    {
        let connection = try await connection()
        let result = try await connection.query(Statement("SELECT NULL::bigint, 1::bigint, 'x'::text, 2::smallint"))
        let row = result[0]
        func kind(_ read: () throws(PostgresError) -> Void) -> PostgresError.Kind? {
            do throws(PostgresError) { try read() } catch { return error.kind }
            return nil
        }
        #expect(kind { () throws(PostgresError) in _ = try row.bigint(0) } == .unexpectedResult)
        #expect(kind { () throws(PostgresError) in _ = try row.uuid(1) } == .unexpectedResult)
        #expect(kind { () throws(PostgresError) in _ = try row.text(1) } == .unexpectedResult)
        #expect(kind { () throws(PostgresError) in _ = try row.bigint(2) } == .unexpectedResult)
        #expect(kind { () throws(PostgresError) in _ = try row.bigint(orNil: 4) } == .unexpectedResult)
        #expect(kind { () throws(PostgresError) in _ = try row.bytea(orNil: -1) } == .unexpectedResult)
        #expect(kind { () throws(PostgresError) in _ = try result[1].bigint(0) } == .unexpectedResult)
        #expect(kind { () throws(PostgresError) in _ = try row.bigints(1) } == .unexpectedResult)
        #expect(try row.bigint(orNil: 0) == nil)
        #expect(try row.bigint(3) == 2)
        #expect(row.bytes(7) == nil)
        await connection.close()
    }
}
