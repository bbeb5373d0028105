import Foundation
import Kernel
import Testing
import Vault

/// The file that says who was erased, whatever backup comes back.
@Suite struct ErasureRegisterTests {
    private let master = MasterKey(bytes: Array(repeating: 3, count: 32))
    private let file = FileManager.default.temporaryDirectory.appending(path: "erasures-\(UUID())").path
    private var register: ErasureRegister { ErasureRegister(file, master: master) }

    private func entries(_ numbers: ClosedRange<Int>) -> [ErasureRegister.Entry] {
        numbers.map { number in
            ErasureRegister.Entry(
                organization: UUID(uuidString: "01890a5d-ac96-774b-bcce-b302099a8057") ?? UUID(),
                person: UUID(uuidString: "01890a5d-ac96-774b-bcce-00000000000\(number)") ?? UUID(),
                erasedAt: Instant(microseconds: 1_700_000_000_123_456 + Int64(number)))
        }
    }
    private func lines() throws -> [String] {
        try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
    }
    private func write(_ lines: [String]) throws {
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: file))
    }

    @Test func `who is noted is noted once, for its owner's eyes`() throws {
        defer { unlink(file) }
        #expect(try !register.isThere && register.entries().isEmpty)
        try register.note(entries(1...2))
        try register.note(entries(2...4))
        #expect(try register.entries() == entries(1...4))
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let ids = "01890a5d-ac96-774b-bcce-b302099a8057 01890a5d-ac96-774b-bcce-000000000001"
        #expect(try lines()[0].hasPrefix("1 \(ids) 2023-11-14T22:13:20.123457Z "))
    }

    @Test func `a line that was changed, left out, moved or made up is found`() throws {
        defer { unlink(file) }
        try register.note(entries(1...4))
        let good = try lines()
        let forged: [(lines: [String], at: Int)] = [
            (good.enumerated().map { $0 == 1 ? $1.replacing("000000000002", with: "000000000009") : $1 }, 2),
            ([good[0], good[2], good[3]], 2),
            ([good[0], good[2], good[1], good[3]], 2),
            ([good[1]], 1),
            (good + [good[3]], 5),
            (good + ["5 and so on"], 5),
            (good.enumerated().map { $0 == 3 ? $1.replacing("4 ", with: "7 ") : $1 }, 4),
        ]
        for (lines, at) in forged {
            try write(lines)
            #expect(throws: RegisterError.altered(file, line: at)) { try register.entries() }
            #expect(throws: RegisterError.altered(file, line: at)) { try register.note(entries(5...5)) }
        }
        try write(good)
        let other = ErasureRegister(file, master: MasterKey(bytes: Array(repeating: 4, count: 32)))
        #expect(throws: RegisterError.altered(file, line: 1)) { try other.entries() }
    }

    @Test func `what a crash left of a line is passed over, and written over`() throws {
        defer { unlink(file) }
        try register.note(entries(1...3))
        let whole = try String(contentsOfFile: file, encoding: .utf8)
        try Data(whole.dropLast(20).utf8).write(to: URL(fileURLWithPath: file))
        #expect(try register.entries() == entries(1...2))
        try register.note(entries(3...3))
        #expect(try String(contentsOfFile: file, encoding: .utf8) == whole)
    }

    @Test func `where it cannot be written, that is said`() {
        let nowhere = ErasureRegister("/nonexistent/erasures", master: master)
        #expect(throws: RegisterError.unwritable("/nonexistent/erasures")) { try nowhere.note(entries(1...1)) }
    }
}
