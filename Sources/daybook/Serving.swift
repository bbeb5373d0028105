import API
import Application
import CRM
import Foundation
import Logging
import Postgres
import Projections
import ServiceLifecycle

/// A server from its first step to its last: made from the database up, ended from the port down.
struct Serving: Sendable {
    let place: Place
    let port: Int
    let role: Start.Role
    let isEmpty: Bool
    let credentials: String?
    let projections: String?
    let log = Logger(label: "daybook")

    /// - Throws: what is wrong with the settings.
    init(_ start: Start) throws {
        let settings = try start.place.settings()
        place = start.place
        port = try start.port ?? settings.number("port") ?? 8080
        isEmpty = try start.empty || settings.flag("empty")
        credentials = start.credentials ?? settings.text("credentials")
        projections = start.projections ?? settings.text("projections")
        let named = start.role?.rawValue ?? settings.text("role") ?? Start.Role.all.rawValue
        guard let role = Start.Role(rawValue: named) else {
            throw Exit(.lacking, "The setting role is all, api or projector, not \(named).")
        }
        self.role = role
    }

    /// Serves until the task is cancelled; then ends everything, Postgres included, and returns.
    func run() async throws {
        try place.make()
        try Doorway.check(port)
        let opened = try await Opened.serving(place, log: log)
        let supervision = Task { await opened.cluster?.supervise() }
        try await leaving {
            supervision.cancel()
            try await opened.close()
        } after: {
            let daybook = Daybook(database: ConnectionSettings(url: opened.url), clock: Clock.now, log: log)
            try await leaving(by: daybook.close) { try await serve(daybook, opened.url) }
        }
    }

    private func serve(_ daybook: Daybook, _ url: String) async throws {
        let reading = try await Reading(daybook, url: url, projections: projections, log: log)
        try await leaving(by: reading.close) {
            let owner = try await FirstStart(place: place, daybook: daybook, isEmpty: isEmpty).run(
                url: Doorway.url(port))
            try Task.checkCancellation()
            var services: [any Service] = []
            if role != .api { services += [reading.following] }
            if role != .projector { services += [server(daybook, reading, owner)] }
            if role == .projector { print("ready") }
            let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: services, logger: log))
            // Unstructured, so that being cancelled ends it gracefully instead of cutting it short.
            let running = Task { try await group.run() }
            try await withTaskCancellationHandler {
                try await running.value
            } onCancel: {
                Task { await group.triggerGracefulShutdown() }
            }
        }
    }

    private func server(_ daybook: Daybook, _ reading: Reading, _ owner: Credentials?) -> Server {
        let services = Services(
            entities: CRM.entities, commands: daybook.commands, access: daybook.access, queries: reading.queries
        ) {
            await reading.vitals()
        }
        return Server(services, port: port, metrics: reading.metrics, logger: log) { bound in
            announce(Doorway.url(bound), owner)
        }
    }

    /// The files say where the server is before the line does.
    private func announce(_ url: String, _ owner: Credentials?) {
        if var owner {
            owner.url = url
            do {
                try owner.write(place.ownerFile)
                if let credentials { try owner.write(credentials) }
            } catch {
                say("\(Exit(error).sentence)")
            }
            say("Log in as \(owner.email); the password is in \(place.ownerFile)")
        }
        print("ready \(url)")
        fflush(nil)
    }
}
