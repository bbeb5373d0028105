import API
import Application
import Foundation
import Kernel
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
    let administrators: Set<UUID>
    let log = Logger(label: "daybook")

    /// - Throws: what is wrong with the settings.
    init(_ start: Start) throws {
        let settings = try start.place.settings()
        place = start.place
        port = try start.port ?? settings.number("port") ?? 8080
        isEmpty = try start.empty || settings.flag("empty")
        credentials = start.credentials ?? settings.text("credentials")
        projections = start.projections ?? settings.text("projections")
        let organizations = start.administrators ?? settings.text("administrators") ?? ""
        administrators = Set(
            try organizations.split(separator: ",").map { word in
                guard let id = UUID(text: word.trimmingCharacters(in: .whitespaces)) else {
                    throw Exit(.lacking, "The setting administrators takes organizations' ids, not \(word).")
                }
                return id
            })
        let named = start.role?.rawValue ?? settings.text("role") ?? Start.Role.all.rawValue
        guard let role = Start.Role(rawValue: named) else {
            throw Exit(.lacking, "The setting role is all, api or projector, not \(named).")
        }
        self.role = role
    }

    /// Serves until the task is cancelled; then ends everything, Postgres included, and returns.
    func run() async throws {
        try place.make()
        if role != .projector { try Doorway.check(port) }
        let opened = try await Opened.serving(place, log: log)
        let supervision = Task { await opened.cluster?.supervise() }
        try await leaving {
            supervision.cancel()
            try await opened.close()
        } after: {
            let daybook = Daybook(
                database: ConnectionSettings(url: opened.url), master: opened.master, register: opened.register,
                clock: Clock.now, administrators: administrators, files: opened.files, log: log)
            try await leaving(by: daybook.close) { try await serve(daybook) }
        }
    }

    private func serve(_ daybook: Daybook) async throws {
        let files = try projections.map { try ProjectionFiles.read([$0]) } ?? ProjectionFiles.shipped
        let progress = Progress()
        try await daybook.deploy(files) { if $0.total > 10_000 { progress.show($0) } }
        let first = FirstStart(place: place, daybook: daybook, isEmpty: isEmpty)
        let owner = role == .projector ? nil : try await first.run(url: Doorway.url(port))
        try Task.checkCancellation()
        var services: [any Service] = []
        if role != .api {
            services += [Projecting(projector: daybook.projector), Reacting(policies: daybook.policies)]
        }
        if role != .projector { services.append(server(daybook, owner)) } else { tell("ready") }
        services.append(Housekeeping(daybook: daybook))
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: services, logger: log))
        // Unstructured, so that being cancelled ends it gracefully instead of cutting it short.
        let running = Task { try await group.run() }
        try await withTaskCancellationHandler {
            try await running.value
        } onCancel: {
            Task { await group.triggerGracefulShutdown() }
        }
    }

    private func server(_ daybook: Daybook, _ owner: Credentials?) -> Server {
        let services = Services(daybook, version: Version.current)
        return Server(services, port: port, logger: log) { bound in
            await announce(Doorway.url(bound), owner, daybook)
        }
    }

    /// The files say where the server is before the line does.
    private func announce(_ url: String, _ owner: Credentials?, _ daybook: Daybook) async {
        if role == .all { await daybook.caughtUp() }
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
        tell("ready \(url)")
    }

    /// At once, also where standard output is a file.
    private func tell(_ line: String) {
        print(line)
        fflush(nil)
    }
}

/// Feeds the read tables while the server serves.
struct Projecting: Service {
    let projector: ProjectionRunner

    /// Until graceful shutdown or cancellation.
    func run() async { await cancelWhenGracefulShutdown { await projector.run() } }
}

/// Lets policies react while the server serves.
struct Reacting: Service {
    let policies: PolicyRunner

    /// Until graceful shutdown or cancellation.
    func run() async { await cancelWhenGracefulShutdown { await policies.run() } }
}

extension Daybook {
    /// Waits until the read tables show what the logs hold, five seconds at most: whoever reads `ready` and looks at
    /// once should see what is there.
    func caughtUp() async {
        for _ in 0..<100 {
            let status = (try? await models.status()) ?? []
            if status.allSatisfy({ $0.eventsBehind == 0 || $0.state != "live" }) { return }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }
}

/// Forgets what has had its time while the server serves.
struct Housekeeping: Service {
    let daybook: Daybook

    /// Until graceful shutdown or cancellation.
    func run() async { await cancelWhenGracefulShutdown { await daybook.keepHouse() } }
}
