import EventLog
import FoundationEssentials
import Kernel
import Logging
import Postgres
import PostgresTesting
import Synchronization
import Testing
import Vault

/// Heads that are signed because logs grew.
@Suite struct SignerTests {
    private static let master = MasterKey(bytes: Array(repeating: 7, count: 32))

    /// A world with the keys of its logs.
    private struct Notary {
        let world: World
        let keys: SigningKeys

        init() async throws {
            world = try await World()
            keys = SigningKeys(world.connection, master: SignerTests.master)
        }

        func signer(_ appender: Appender, log: Logger = quiet) -> HeadSigner {
            HeadSigner(world.database.settings(), keys: keys, appender: appender, clock: now, log: log)
        }

        /// A log's name of a key.
        func vkey(_ organization: UUID, _ key: SigningKey) throws -> VerifierKey {
            try #require(VerifierKey(name: Checkpoint.origin(of: organization), publicKey: key.publicKey))
        }

        /// What begins a log whose heads are to be signed.
        func founding(_ organization: UUID) async throws -> EventLog.Unit {
            let key = try vkey(organization, try await keys.create(organization))
            let data = #"{"log":{"key":"\#(key.text)","origin":"\#(key.name)"}}"#
            return EventLog.Unit(
                organization: organization,
                drafts: [draft(organization, 1, type: "organization.created", data: data)],
                expected: [organization: 0], readAt: 0)
        }

        /// Runs SQL as a superuser who disables what protects the log.
        func superuser(_ sql: String) async throws {
            let pool = BlockingPool(world.database.superuser, size: 1, log: quiet)
            try await pool.run {
                try $0.execute(
                    """
                    ALTER TABLE log.event DISABLE TRIGGER ALL;
                    ALTER TABLE log.checkpoint DISABLE TRIGGER ALL;
                    \(sql);
                    ALTER TABLE log.event ENABLE TRIGGER ALL;
                    ALTER TABLE log.checkpoint ENABLE TRIGGER ALL
                    """)
            }
            await pool.close()
        }

        func tamper(_ organization: UUID, _ tampering: Tampering) async throws {
            var log = try await world.reader.page(organization, after: 0, limit: 100)
            log[2].data = Array(#"{"title":"Lamp"}"#.utf8)
            var tree = Frontier.empty
            let hashes = log.map { tree.append(leaf: MerkleTree.leaf($0.line)) }
            func hex(_ bytes: [UInt8]) -> String {
                "'\\x" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "'"
            }
            func rewrite(_ row: Int, _ set: String) -> String {
                "UPDATE log.event SET \(set) WHERE organization_id = '\(organization.text)' AND position = \(row + 1)"
            }
            let mine = "organization_id = '\(organization.text)'"
            let statements: [String] =
                switch tampering {
                case .history:
                    [rewrite(2, "data = '{\"title\":\"Lamp\"}'")]
                        + hashes.indices.map { rewrite($0, "merkle = \(hex(hashes[$0]))") }
                case .above: [rewrite(7, "merkle = \(hex(hashes[7]))")]
                case .head:
                    [
                        """
                        UPDATE log.checkpoint SET root = \(hex(tree.root)), note = replace(note, split_part(note, E'\\n', 3),
                            encode(\(hex(tree.root)), 'base64')) WHERE \(mine)
                        """
                    ]
                case .end: ["DELETE FROM log.event WHERE position > 4 AND \(mine)"]
                case .hash: [rewrite(7, "merkle = substring(merkle FOR 96)")]
                }
            try await superuser(statements.joined(separator: ";\n"))
        }

        /// The signed heads of a log, smallest first, when there are `count` of them.
        func heads(_ organization: UUID, count: Int) async throws -> [SignedNote] {
            while true {
                let rows = try await world.connection.query(
                    Statement("SELECT note FROM log.checkpoint WHERE organization_id = $1 ORDER BY size") {
                        $0.uuid(organization)
                    })
                if rows.count >= count { return try rows.map { try #require(SignedNote(try $0.text(0))) } }
                try await Task.sleep(for: .milliseconds(20))
            }
        }

        /// The head that the events themselves amount to.
        func head(_ organization: UUID, _ size: Int) async throws -> Checkpoint {
            var edge = Frontier.empty
            for event in try await world.reader.page(organization, after: 0, limit: size) {
                _ = edge.append(leaf: MerkleTree.leaf(event.line))
            }
            return Checkpoint(origin: Checkpoint.origin(of: organization), size: edge.size, root: edge.root)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a log that grows has its head signed, of itself and under its own key`() async throws {
        let notary = try await Notary()
        let appender = notary.world.appender()
        let signer = notary.signer(appender)
        let organization = id()
        _ = try await appender.append(try await notary.founding(organization))
        let first = try await notary.heads(organization, count: 1)[0]
        #expect(Checkpoint(first) == (try await notary.head(organization, 1)))
        for _ in 1...4 { _ = try await appender.append(opening(organization)) }
        // Several appends may share a head; the last of them is signed at the latest when the process ends.
        await appender.close()
        await signer.close()
        let last = try #require(try await notary.heads(organization, count: 2).last)
        #expect(Checkpoint(last) == (try await notary.head(organization, 5)))
        let events = try await notary.world.reader.page(organization, after: 0, limit: 1)
        var history = KeyHistory()
        history.take(events[0])
        let key = try #require(history.inForce(at: 5))
        #expect(first.isSigned(by: key) && last.isSigned(by: key))
    }

    @Test(.timeLimit(.minutes(1)))
    func `what a process left unsigned is signed by the next one`() async throws {
        let notary = try await Notary()
        let organizations = (0..<3).map { _ in id() }
        let killed = notary.world.appender()
        for organization in organizations {
            _ = try await killed.append(try await notary.founding(organization))
            _ = try await killed.append(opening(organization))
        }
        await killed.close()
        let appender = notary.world.appender()
        let signer = notary.signer(appender)
        for organization in organizations {
            let note = try await notary.heads(organization, count: 1)[0]
            #expect(Checkpoint(note) == (try await notary.head(organization, 2)))
        }
        await appender.close()
        await signer.close()
    }

    @Test func `two that sign at once sign each head once`() async throws {
        let notary = try await Notary()
        let appender = notary.world.appender()
        let organization = id()
        _ = try await appender.append(try await notary.founding(organization))
        let signers = (0..<4).map { _ in notary.signer(appender) }
        try await withThrowingTaskGroup { group in
            for signer in signers { group.addTask { try await signer.sign() } }
            try await group.waitForAll()
        }
        #expect(try await notary.heads(organization, count: 1).count == 1)
        await appender.close()
        for signer in signers { await signer.close() }
        #expect(try await notary.heads(organization, count: 1).count == 1)
    }

    @Test func `heads are signed by the key that is in force where they end`() async throws {
        let notary = try await Notary()
        let appender = notary.world.appender()
        let signer = notary.signer(appender)
        let organization = id()
        _ = try await appender.append(try await notary.founding(organization))
        try await signer.sign()
        let new = try notary.vkey(organization, try await notary.keys.create(organization))
        _ = try await appender.append(
            EventLog.Unit(
                organization: organization,
                drafts: [
                    draft(organization, 2, type: "organization.log_key_changed", data: #"{"key":"\#(new.text)"}"#)
                ], expected: [organization: 1], readAt: 1))
        try await signer.sign()
        let notes = try await notary.heads(organization, count: 2)
        #expect(notes.map { $0.isSigned(by: new) } == [false, true])
        await appender.close()
        await signer.close()
    }

    @Test func `a log without a key here, and a damaged one, do not hold the others up`() async throws {
        let notary = try await Notary()
        let appender = notary.world.appender()
        let (keyless, foreign, damaged, organization) = (id(), id(), id(), id())
        _ = try await appender.append(opening(keyless))
        let elsewhere = SigningKeys(notary.world.connection, master: MasterKey(bytes: Array(repeating: 8, count: 32)))
        let stranger = try notary.vkey(foreign, try await elsewhere.create(foreign))
        let data = #"{"log":{"key":"\#(stranger.text)"}}"#
        _ = try await appender.append(
            EventLog.Unit(
                organization: foreign, drafts: [draft(foreign, 1, type: "organization.created", data: data)],
                expected: [foreign: 0], readAt: 0))
        _ = try await appender.append(try await notary.founding(damaged))
        _ = try await notary.world.connection.query(Statement(forged(damaged, 2)))
        _ = try await appender.append(try await notary.founding(organization))
        let signer = notary.signer(appender)
        try await signer.sign()
        #expect(try await notary.heads(organization, count: 1).count == 1)
        for other in [keyless, foreign, damaged] {
            #expect(try await notary.heads(other, count: 0).allSatisfy { Checkpoint($0)?.size == 1 })
        }
        await appender.close()
        await signer.close()
    }

    // MARK: - What is not signed?

    /// What somebody with all rights does to a log of seven events whose head is signed.
    enum Tampering: String, CaseIterable {
        /// A line is changed, and every hash from there on made anew.
        case history = "log.head_forged"
        /// Only a hash that was stored after the signature tells of another line.
        case above = "log.head_forged above"
        /// The signed head is replaced by one of that history.
        case head = "log.head_signature"
        /// The last events are taken away.
        case end = "log.truncated"
        /// A hash of the tree is taken away.
        case hash = "log.damaged"

        var code: String { String(rawValue.prefix { $0 != " " }) }
    }

    @Test(.timeLimit(.minutes(1)), arguments: Tampering.allCases)
    func `a log that contradicts its signed head gets no further signature`(tampering: Tampering) async throws {
        let notary = try await Notary()
        let (organization, other) = (id(), id())
        let founder = notary.world.appender()
        for one in [organization, other] {
            _ = try await founder.append(try await notary.founding(one))
            for _ in 1...6 { _ = try await founder.append(opening(one)) }
        }
        let first = notary.signer(founder)
        try await first.sign()
        await founder.close()
        await first.close()
        if tampering != .above && tampering != .hash { try await notary.tamper(organization, tampering) }

        let appender = notary.world.appender()
        for one in [organization, other] { _ = try await appender.append(opening(one)) }
        // The eighth event completes a subtree of eight.
        if tampering == .above || tampering == .hash { try await notary.tamper(organization, tampering) }
        let told = Codes()
        let signer = notary.signer(appender, log: told.logger)
        for _ in 1...2 { try await signer.sign() }
        #expect(signer.refused == 1)
        #expect(told.all == [tampering.code])
        #expect(try await notary.heads(organization, count: 1).compactMap { Checkpoint($0)?.size } == [7])
        #expect(try await notary.heads(other, count: 2).compactMap { Checkpoint($0)?.size } == [7, 8])
        await appender.close()
        await signer.close()
    }

    @Test(.timeLimit(.minutes(1)))
    func `who signed a head notices that it is gone; the next process cannot know`() async throws {
        let notary = try await Notary()
        let organization = id()
        let appender = notary.world.appender()
        let told = Codes()
        let signer = notary.signer(appender, log: told.logger)
        _ = try await appender.append(try await notary.founding(organization))
        try await signer.sign()
        let kept = try #require(try await notary.heads(organization, count: 1).first)
        try await notary.superuser("DELETE FROM log.checkpoint")
        _ = try await appender.append(opening(organization))
        try await signer.sign()
        #expect(signer.refused == 1 && told.all == ["log.head_missing"])
        #expect(try await notary.heads(organization, count: 0).isEmpty)
        let next = notary.signer(appender)
        try await next.sign()
        #expect(try await notary.heads(organization, count: 1).count == 1)
        // Put back, it is as it was.
        try await notary.superuser(
            """
            DELETE FROM log.checkpoint;
            INSERT INTO log.checkpoint
            SELECT '\(organization.text)', 1, substring(merkle FOR 32), '\(kept.text)', now()
            FROM log.event WHERE position = 1
            """)
        try await signer.sign()
        #expect(signer.refused == 0)
        #expect(try await notary.heads(organization, count: 2).count == 2)
        await appender.close()
        await signer.close()
        await next.close()
    }
}

/// The codes of what was told as an error.
private final class Codes: LogHandler {
    private let codes = Mutex<[String]>([])
    var all: [String] { codes.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in self } }

    var logLevel: Logger.Level {
        get { .error }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
    func log(event: LogEvent) {
        if case .string(let code)? = event.metadata?["code"] { codes.withLock { $0.append(code) } }
    }
}
