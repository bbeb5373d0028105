import Application
import ArgumentParser
import Foundation
import Kernel
import Postgres
import Vault

/// What a client of the API meets: P8, P9, P10, P12, P13 of DESIGN §10.
struct HTTP: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "http", abstract: "Commands and questions over HTTP, of a server with a million contacts.",
        discussion: """
            Starts a Postgres of its own, fills it, builds the read tables, starts `daybook serve` over it, and asks. \
            A fifth of the contacts are of one organization, the others of organizations of 4,000 and of 40. \
            docs/benchmarks.md says what each case is.
            """)

    @Option(help: "How many contacts there are in all; a fifth as many accounts and deals.")
    var contacts = 1_000_000

    @Option(help: "Seconds that each case under load runs in each pass.")
    var seconds = 5.0

    @Option(help: "How many passes.")
    var passes = 3

    @Option(help: "How often each question is asked; it ends early after three seconds.")
    var times = 40

    @Option(help: "Only the cases whose name contains this; may be given several times.")
    var only: [String] = []

    @Option(help: "A folder on the disk that is to be measured; Postgres' user must reach it.")
    var folder = "/var/tmp"

    @Option(help: "A folder of its own in which the database stays for the next run.")
    var kept: String?

    @Option(help: "text, or json: one JSON object as the last line of standard output.")
    var format: Report.Format = .text

    func validate() throws {
        guard contacts >= 400, seconds > 0, passes > 0, times > 0 else {
            throw ValidationError("At least 400 contacts; seconds, passes and times are positive.")
        }
    }

    func run() async throws {
        let ground = try await Ground.prepare(in: folder, kept: kept)
        let own = kept.map { "\($0)-server" } ?? "\(folder)/daybook-bench-server-\(getpid())"
        var report = Report()
        do {
            let clients = try await clients(on: ground, keptIn: own)
            talk("starting the server")
            let served = try serve(ground, own)
            defer { served.end() }
            try await measure(served, clients, on: ground, into: &report)
        } catch {
            await ground.leave()
            throw error
        }
        await ground.leave()
        if kept == nil { try? FileManager.default.removeItem(atPath: own) }
        report.write(format)
    }

    private func serve(_ ground: Ground, _ place: String) throws -> Served {
        try Served(database: ground.url, master: DealLog.master.text, folder: place + "/data")
    }

    // MARK: - What is there?

    /// A fifth, and as many organizations of 4,000 as make it whole, and three of 40.
    private var sizes: [Company.Size] {
        let large = Company.Size(contacts: contacts / 5, accounts: contacts / 10, deals: contacts / 10)
        let middle = Company.Size(contacts: 4_000, accounts: 500, deals: 500)
        let small = Company.Size(contacts: 40, accounts: 8, deals: 10)
        return [large, middle] + Array(repeating: small, count: 3)
            + Array(repeating: middle, count: max(0, contacts * 4 / 5 / 4_000 - 1))
    }

    /// Who asks for the large one, one of the middle ones, one of the small ones. `place`: where a kept run notes them.
    private func clients(on ground: Ground, keptIn place: String) async throws -> [Client] {
        let note = URL(fileURLWithPath: place + "/clients-\(contacts).json")
        if let data = try? Data(contentsOf: note), let known = try? JSONDecoder().decode([Client].self, from: data) {
            return known
        }
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let daybook = Daybook(
            database: ConnectionSettings(url: ground.url), master: DealLog.master, clock: now, log: quiet)
        let filling = Filling(daybook: daybook, ground: ground)
        talk("filling \(sizes.count) logs of \(sizes.reduce(0) { $0 + $1.events }) events")
        var clients: [Client] = []
        for (number, size) in sizes.enumerated() { clients.append(try await filling.found(size, number)) }
        await daybook.close()
        try await ground.administer(as: "postgres") { try $0.execute("VACUUM ANALYZE log.event, vault.person_key") }
        talk("building the read tables")
        try serve(ground, place).end()
        try await ground.administer(as: "postgres") { try $0.execute("VACUUM ANALYZE") }
        let told = Array(clients[..<3])
        try JSONEncoder().encode(told).write(to: note)
        return told
    }

    // MARK: - What is asked?

    private func measure(
        _ served: Served, _ clients: [Client], on ground: Ground, into report: inout Report
    ) async throws {
        let rest = served.memory
        let load: [Case] = [
            .emptyRoute(served.port), .pointRead(served.port, clients[0]), .command(served.port, clients[0]),
        ].filter { $0.isNamed(by: only) }
        for pass in 0..<passes {
            try await ground.settle()
            report.passes.append([:])
            for number in load.indices {
                let next = load[(number + pass) % load.count]
                talk("pass \(pass + 1) of \(passes): \(next.key)")
                report.passes[pass][next.key] = try await next.run(.seconds(seconds))
            }
        }
        let wire = try Wire(port: served.port)
        var once = try Case.depths(wire, clients[0], contacts / 5, times)
        for (client, name) in zip(clients, ["large", "middle", "small"]) {
            talk("finding what can be asked of the \(name) organization")
            let questions = try Questions(wire, client, variants: 10)
            once += questions.all.map { .question($0.name, $0.paths, wire, client, times) }
        }
        for next in once where next.isNamed(by: only) {
            report.passes[passes - 1][next.key] = try await next.run(.zero)
        }
        var memory = Sample(perSecond: 0, p50: 0, p99: 0)
        memory.notes["rest MB"] = rest.now
        memory.notes["most MB"] = served.memory.most
        report.passes[passes - 1][.memory] = memory
    }
}
