import API
import Application
import CRM
import EventLog
import Foundation
import Kernel
import Logging
import Postgres
import Projections
import ServiceLifecycle
import Vault

/// The parts that answer questions: the read tables, what feeds them, and the queries over them.
struct Reading: Sendable {
    let queries: Queries
    let following: Following
    let metrics = Metrics()
    private let models: ReadModels
    private let asking: PipelinedConnection

    /// Makes the read tables what the files say, before anything asks them.
    init(_ daybook: Daybook, url: String, projections folder: String?, log: Logger) async throws {
        let settings = ConnectionSettings(url: url)
        let models = ReadModels(settings, log: log)
        let files = try folder.map { try ProjectionFiles.read([$0]) } ?? ProjectionFiles.shipped
        do {
            let progress = Progress()
            try await models.deploy(files, catalogue: .shipped) { if $0.total > 10_000 { progress.show($0) } }
        } catch {
            await models.close()
            throw error
        }
        let asking = PipelinedConnection(settings.with(role: "daybook_worker"), name: "daybook waits", log: log)
        let waits = ProjectionWaits(asking)
        following = Following(daybook, settings, waits, log: log)
        queries = Queries(url: url, entities: CRM.entities, surroundings: Self.surroundings(daybook, waits), log: log)
        (self.models, self.asking) = (models, asking)
    }

    private static func surroundings(_ daybook: Daybook, _ waits: ProjectionWaits) -> Queries.Surroundings {
        let keyring = daybook.keyring
        @Sendable func keys(_ organization: UUID) async throws(Application.Problem) -> OrganizationKeys {
            let found: OrganizationKeys?
            do { found = try await keyring.keys(organization) } catch { throw .unavailable }
            guard let found else { throw .absent(Organization.name) }
            return found
        }
        return Queries.Surroundings(
            cursorKey: { organization throws(Application.Problem) in
                // Derived, so that it is secret, of one organization, and the same in every process.
                try await keys(organization).claimDigest(scope: "cursor", value: "")
            },
            recordID: { organization, entity, source, id throws(Application.Problem) in
                try await keys(organization).importID(
                    source: Normal.key(source) ?? "", entity: entity, externalID: Normal.key(id) ?? "")
            },
            wait: { organization, position, projections in
                _ = await waits.wait(
                    for: organization, position: position, projections: Set(projections), timeout: .seconds(5))
            })
    }

    func close() async {
        await queries.close()
        await models.close()
        await asking.close()
    }

    /// How the process is at this moment.
    func vitals() async -> Vitals {
        let status = try? await models.status()
        let projections = (status ?? []).filter { $0.state != "dropped" }.map { one in
            Vitals.Projection(
                name: one.projection, lag: one.eventsBehind, lagSeconds: one.secondsBehind, held: Int(one.held),
                isStopped: one.state == "stopped")
        }
        return Vitals(database: status != nil, projections: projections, queued: 0, version: Version.current)
    }
}

/// Feeds the read tables while the server serves.
struct Following: Service {
    private let runner: ProjectionRunner
    private let daybook: Daybook
    private let settings: ConnectionSettings
    private let log: Logger

    init(_ daybook: Daybook, _ settings: ConnectionSettings, _ waits: ProjectionWaits, log: Logger) {
        (self.daybook, self.settings, self.log) = (daybook, settings, log)
        runner = ProjectionRunner(settings, waits: waits, log: log)
    }

    /// Until graceful shutdown or cancellation.
    func run() async {
        await cancelWhenGracefulShutdown {
            let tail = Tail(
                daybook.reader, appender: daybook.appender, listen: settings.with(role: "daybook_worker"), log: log)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await runner.run() }
                group.addTask {
                    while let grown = await tail.next() {
                        for log in grown { runner.wake(log.organization) }
                    }
                }
                await group.next()
                group.cancelAll()
            }
            await tail.close()
        }
    }
}
