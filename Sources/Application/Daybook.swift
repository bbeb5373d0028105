import CRM
import EventLog
import FoundationEssentials
import Kernel
import Logging
import Postgres
import Projections
import Vault

/// Everything that serves one database: connections, the log, and what is done with it. Made once in a process.
public final class Daybook: Sendable {
    /// Reads logs as the worker.
    public let reader: LogReader
    /// Appends to logs.
    public let appender: Appender
    /// Keys of organizations.
    public let keyring: Keyring
    /// Keys of persons.
    public let persons: PersonKeys
    /// Carries out commands.
    public let commands: Commands
    /// Takes in files of records, and gives them out.
    public let attachments: Attachments
    /// Keys that sign the logs.
    public let logKeys: LogKeys
    /// Signs the heads of logs that grow.
    public let signer: HeadSigner
    /// Tells what is known of a person, and forgets one.
    public let people: People
    /// Passwords, tokens, roles.
    public let access: Access
    /// Answers questions.
    public let queries: Queries
    /// What auditors do with the logs.
    public let audits: Audits
    /// The read tables: deploys, rebuilds, verifies.
    public let models: ReadModels
    /// The same over the API, for those who may.
    public let readTables: ReadTables
    /// Feeds the read tables while its task runs. Where another process does that, it is left alone.
    public let projector: ProjectionRunner
    /// Lets policies react to what happens, beside the projector and for the same organizations.
    public let policies: PolicyRunner
    let worker: PipelinedConnection
    let log: Logger
    /// Of the worker.
    let settings: ConnectionSettings
    private let copies: BlockingPool

    /// - Parameters:
    ///   - database: where it is; the schema is there already.
    ///   - master: wraps the keys in it; confirmed already (`KeyWrapping.confirm`).
    ///   - register: where erasures are noted, for restores; nil where none is kept.
    ///   - clock: the time at which requests are handled and events recorded.
    ///   - projecting: how the read tables are fed.
    ///   - upcasts: what became of older shapes of events.
    ///   - administrators: the organizations whose owners administer the server; none: those of the only organization.
    ///   - files: how files of records are kept.
    ///   - passwords: hashes passwords.
    ///   - patience: how long a question waits for the position that it asks to see.
    public convenience init(
        database: ConnectionSettings, master: any KeyWrapping, register: ErasureRegister? = nil,
        clock: @escaping @Sendable () -> Instant,
        projecting: ProjectionRunner.Options = ProjectionRunner.Options(), upcasts: Upcasts = CRM.upcasts,
        administrators: Set<UUID> = [], files: Attachments.Options = Attachments.Options(),
        passwords: PasswordHasher = PasswordHasher(), patience: Duration = Daybook.patience, log: Logger
    ) {
        self.init(
            database: database, master: master, register: register, clock: clock, projecting: projecting,
            reacting: Policy.all, reactions: PolicyRunner.Options(), upcasts: upcasts, administrators: administrators,
            files: files, passwords: passwords, patience: patience, log: log)
    }

    /// - Parameters:
    ///   - reacting: the policies.
    ///   - reactions: how they are run.
    init(
        database: ConnectionSettings, master: any KeyWrapping, register: ErasureRegister? = nil,
        clock: @escaping @Sendable () -> Instant, projecting: ProjectionRunner.Options, reacting: [Policy],
        reactions: PolicyRunner.Options, upcasts: Upcasts, administrators: Set<UUID>,
        files: Attachments.Options = Attachments.Options(), passwords: PasswordHasher = PasswordHasher(),
        patience: Duration = Daybook.patience, log: Logger
    ) {
        let settings = database.with(role: "daybook_worker")
        worker = PipelinedConnection(
            settings.with(settings: ["statement_timeout": "10s"]), name: "daybook-read", log: log)
        copies = BlockingPool(settings, size: 1, name: "daybook-copy", log: log)
        reader = LogReader(worker, copies: copies)
        appender = Appender(settings, clock: clock, log: log)
        keyring = Keyring(worker, master: master)
        audits = Audits(copies, keyring, master: master, clock: clock)
        persons = PersonKeys(worker, master: master)
        commands = Commands(
            reader: reader, appender: appender, keyring: keyring, persons: persons, database: worker, upcasts: upcasts,
            clock: clock)
        let signing = SigningKeys(worker, master: master)
        logKeys = LogKeys(commands: commands, keys: signing)
        signer = HeadSigner(settings, keys: signing, appender: appender, clock: clock, log: log)
        let access = Access(database: worker, commands: commands, logKeys: logKeys, passwords: passwords)
        self.access = access
        commands.onCommit { [weak access] in access?.written($0, $1) }
        let attachments = Attachments(commands: commands, options: files, log: log)
        self.attachments = attachments
        commands.onCommit { [weak attachments] in attachments?.written($0, $1) }

        self.log = log
        self.settings = settings
        let waits = ProjectionWaits(worker)
        let unsealing = Unsealing(master: master, catalogue: Self.catalogue, upcasts: upcasts)
        models = ReadModels(database, unsealing: unsealing, log: log)
        readTables = ReadTables(
            models: models, administrators: Administrators(named: administrators, database: worker), log: log)
        projector = ProjectionRunner(
            database, unsealing: unsealing, appender: appender, waits: waits, options: projecting, log: log)
        let projector = projector
        policies = PolicyRunner(
            reacting, commands: commands, database: worker, waits: waits, options: reactions,
            feeds: { projector.feeds($0) }, log: log)
        projector.onBatch { [weak policies] in policies?.wake($0) }
        people = People(
            commands: commands, access: access, attachments: attachments, models: models, waits: waits,
            database: worker, register: register, patience: patience, log: log)
        queries = Queries(
            database, entities: entities, surroundings: Self.surroundings(commands, waits, clock, patience),
            patience: patience, log: log)
    }

    /// How long a question waits for the position that it asks to see, unless somebody says otherwise.
    public static let patience = Duration.seconds(5)

    private static func surroundings(
        _ commands: Commands, _ waits: ProjectionWaits, _ clock: @escaping @Sendable () -> Instant,
        _ patience: Duration
    ) -> Queries.Surroundings {
        var surroundings = Queries.Surroundings(
            cursorKey: { organization throws(Problem) in
                try await commands.organizationKeys(of: organization).claimDigest(scope: "cursor", value: "key")
            },
            recordID: { organization, entity, source, external throws(Problem) in
                let keys = try await commands.organizationKeys(of: organization)
                return try commands.targets([Ask(entity, .external(source: source, id: external), "", .null)], keys)[0]
            },
            wait: { organization, position, projections in
                _ = await waits.wait(
                    for: organization, position: position, projections: Set(projections), timeout: patience)
            }, clock: clock)
        surroundings.opening = { organization, events throws(Problem) in
            try await commands.opening(events, organization)
        }
        return surroundings
    }

    /// Deploys the projections of these files: new ones are built from the log, changed ones rebuilt and swapped. And
    /// policies that the database does not know begin.
    /// - Throws: what the files get wrong, by file and line.
    public func deploy(
        _ files: [ProjectionFile], progress: @escaping @Sendable (RebuildProgress) -> Void = { _ in }
    ) async throws {
        try await models.deploy(files, catalogue: Self.catalogue, progress: progress)
        try await policies.introduce()
    }

    /// Of how many logs the head is not signed, because what is stored contradicts what was signed before.
    public var refusedHeads: Int { signer.refused }

    /// The events that projections may name.
    public static let catalogue = EventCatalogue(eventShapes)

    /// Writes what queues, signs what was written, then disconnects.
    public func close() async {
        await appender.close()
        await signer.close()
        await queries.close()
        await readTables.close()
        await models.close()
        await worker.close()
        await copies.close()
    }
}
