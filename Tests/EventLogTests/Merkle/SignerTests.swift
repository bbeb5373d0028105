import EventLog
import FoundationEssentials
import Kernel
import Postgres
import PostgresTesting
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

        func signer(_ appender: Appender) -> HeadSigner {
            HeadSigner(world.database.settings(), keys: keys, appender: appender, clock: now, log: quiet)
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
}
