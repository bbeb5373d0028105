import ArgumentParser
import Foundation
import Kernel

/// A second server process, which `bench append` starts for P14: it appends to one log when it is told to.
struct Companion: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What `bench append` starts beside itself.", shouldDisplay: false)

    @Option var url: String
    @Option var organization: String
    @Option var writers: Int
    @Option var seconds: Double

    func run() async throws {
        guard let id = UUID(text: organization) else { throw ValidationError("That is no organization's id.") }
        var dice = Dice(seed: Seeds.next())
        let ours = Ours(url)
        let log = [Tenant(id, &dice)]
        try await ours.open(log)
        FileHandle.standardOutput.write(Data("ready\n".utf8))
        _ = readLine()
        let sample = try await ours.load(writers, on: log, for: .seconds(seconds))
        print("\(sample.perSecond) \(sample.p50) \(sample.p99)")
    }
}

extension Case {
    /// Two processes with half of the writers each, on one log. The times are those of the slower one.
    static func companions(_ ours: Ours, _ tenants: Tenants, _ url: String) -> Case {
        Case(.companions) { duration in
            let writers = Key.companions.writers / 2
            let other = try OtherProcess(url, tenants.shared, writers, duration)
            try other.awaitReady()
            other.go()
            let own = try await ours.load(writers, on: [tenants.shared], for: duration)
            let theirs = try other.sample()
            var both = Sample(
                perSecond: own.perSecond + theirs.perSecond, p50: max(own.p50, theirs.p50),
                p99: max(own.p99, theirs.p99))
            both.notes["smaller share"] = min(own.perSecond, theirs.perSecond) / both.perSecond
            return both
        }
    }
}

/// The other process, as it is seen from here.
private struct OtherProcess {
    private let process = Process()
    private let told = Pipe()
    private let tells = Pipe()

    init(_ url: String, _ tenant: Tenant, _ writers: Int, _ duration: Duration) throws {
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = [
            "companion", "--url", url, "--organization", tenant.id.text, "--writers", "\(writers)", "--seconds",
            "\(duration.inSeconds)",
        ]
        (process.standardInput, process.standardOutput) = (told, tells)
        try process.run()
    }

    func awaitReady() throws {
        guard line() == "ready" else { throw ValidationError("The second process does not start.") }
    }

    func go() { told.fileHandleForWriting.write(Data("go\n".utf8)) }

    func sample() throws -> Sample {
        let numbers = line().split(separator: " ").compactMap { Double($0) }
        process.waitUntilExit()
        guard numbers.count == 3 else { throw ValidationError("The second process has failed.") }
        return Sample(perSecond: numbers[0], p50: numbers[1], p99: numbers[2])
    }

    private func line() -> String {
        var line: [UInt8] = []
        while let byte = tells.fileHandleForReading.readData(ofLength: 1).first, byte != UInt8(ascii: "\n") {
            line.append(byte)
        }
        return String(decoding: line, as: UTF8.self)
    }
}
