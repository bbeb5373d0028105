import EventLog
import FoundationEssentials
import Testing

@testable import Audit

/// What is found in an export's files alone.
@Suite struct OfflineTests {
    private let scratch = Scratch()
    private var folder: String { scratch.path + "/export" }

    private func export(_ count: Int = 250, change: (inout TestLog) -> Void = { _ in }) throws -> TestLog {
        var log = TestLog(count, signed: [9, 120, Int64(count)])
        change(&log)
        try log.write(to: folder)
        return log
    }

    private func report(key: String? = nil, kept: String? = nil) throws -> AuditReport {
        var verification = try OfflineVerification(folder: folder, key: key, checkpoint: kept)
        return try verification.run()
    }
    private func found(key: String? = nil, kept: String? = nil) throws -> [String] {
        try report(key: key, kept: kept).findings.map { "\($0.kind.rawValue) \($0.position)" }
    }

    @Test func `an export as it was written is clean`() throws {
        let log = try export()
        let report = try report(key: log.signer.key, kept: log.heads[120]?.note)
        #expect(report.findings == [])
        #expect(report.organization == log.organization)
        #expect(report.size == 250)
        #expect(report.root == log.root(250))
        #expect(report.key == log.signer.key)
    }

    @Test func `a changed line lies between the heads that agree and those that do not`() throws {
        _ = try export { $0[130].data[9] ^= 1 }
        #expect(try found() == ["row_changed 121"])
    }

    @Test func `lines that changed places, are gone, or are no lines are found`() throws {
        _ = try export { $0.rows.swapAt(139, 140) }
        #expect(try found().first == "missing 140")
        try shell("rm -r \(folder)")
        _ = try export { $0.rows.remove(at: 139) }
        #expect(try found().first == "missing 140")
        try shell("rm -r \(folder)")
        _ = try export { $0[140].type = "Deal.Edited" }
        #expect(try found().first == "row_changed 140")
    }

    @Test func `a file that is gone, cut short or of another name is found`() throws {
        _ = try export()
        try shell("mv \(folder)/events-000000000101-000000000200.jsonl.lz4 \(scratch.path)/kept")
        #expect(try found().first == "missing 101")
        try shell("head -c 900 \(scratch.path)/kept > \(folder)/events-000000000101-000000000200.jsonl.lz4")
        #expect(try found().contains { $0.hasPrefix("missing 1") })
        try shell("rm \(folder)/events-000000000101-000000000200.jsonl.lz4 \(folder)/events-0000000002*")
        #expect(try found() == ["missing 101", "truncated 101"] || found() == ["truncated 101"])
    }

    @Test func `a head that is not the lines', or that another signed, is found`() throws {
        let log = try export()
        let other = TestSigner()
        let note = other.note(250, log.root(250), origin: log.signer.origin)
        try Disk.write(note, to: folder + "/checkpoint")
        #expect(try found() == ["signature 250"])
        try Disk.write(log.signer.note(250, log.root(249)), to: folder + "/checkpoint")
        #expect(try found().isEmpty == false)
        try Disk.write("nonsense", to: folder + "/checkpoint")
        #expect(try found().contains("head_forged 0"))
    }

    @Test func `a key that is not the log's is found`() throws {
        let log = try export()
        #expect(try found(key: TestSigner().key) == ["signature 1"])
        try Disk.write(TestSigner().key + "\n", to: folder + "/key.pub")
        #expect(try found() == ["signature 250"])
        #expect(throws: AuditError.notAKey) { try found(key: "no key") }
        #expect(throws: AuditError.notACheckpoint) { try found(kept: "no checkpoint") }
        #expect(log.rows.count == 250)
    }
}
