import Foundation
import Testing

@testable import Audit

@Suite struct FrameTests {
    private let scratch = Scratch()
    private var file: String { scratch.path + "/a.lz4" }

    private func read(_ path: String) throws -> [[UInt8]] {
        let reader = try FrameReader(path)
        var lines: [[UInt8]] = []
        while let line = try reader.line() { lines.append(line) }
        return lines
    }

    private func write(_ lines: [[UInt8]]) throws {
        let writer = try FrameWriter(file)
        for line in lines { try writer.write(line + [0x0A]) }
        try writer.finish()
    }

    private var lines: [[UInt8]] {
        // Long ones, empty ones, and enough of them to go over several pieces and blocks.
        (0..<20_000).map { Array(String(repeating: "line \($0 * $0 % 977) ", count: $0 % 9).utf8) }
            + [Array(repeating: 0x78, count: 700_000)]
    }

    @Test func `what is written is read again, line by line`() throws {
        try write(lines)
        #expect(try read(file) == lines)
        try write([])
        #expect(try read(file) == [])
    }

    @Test func `the lz4 command reads it, and its files are read`() throws {
        try write(lines)
        let plain = Data(lines.flatMap { $0 + [0x0A] })
        #expect(try shell("lz4 -dc \(file)") == plain)
        try plain.write(to: URL(fileURLWithPath: scratch.path + "/b"))
        _ = try shell("lz4 -q \(scratch.path)/b \(scratch.path)/b.lz4")
        #expect(try read(scratch.path + "/b.lz4") == lines)
    }

    @Test func `a file has its name only when it is whole`() throws {
        do {
            let writer = try FrameWriter(file)
            try writer.write([0x41, 0x0A])
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == [])
    }

    @Test func `a file that is cut short, changed, or longer than its frame is damaged`() throws {
        try write(lines)
        let whole = try Data(contentsOf: URL(fileURLWithPath: file))
        var changed = whole
        changed[whole.count / 2] ^= 1
        for damaged in [whole.dropLast(1), whole.prefix(whole.count / 2), whole + [0], changed, whole + whole, Data()] {
            try Data(damaged).write(to: URL(fileURLWithPath: file))
            #expect(throws: FileError.self) { try read(file) }
        }
        let writer = try FrameWriter(file)
        try writer.write(Array("no line feed".utf8))
        try writer.finish()
        #expect(throws: FileError.self) { try read(file) }
        #expect(throws: FileError.self) { try read(scratch.path + "/none") }
    }
}

/// A folder of a test's own.
final class Scratch: Sendable {
    let path = "/tmp/daybook-audit-\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString.prefix(8))"
    init() { try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// What a command of the shell prints.
/// - Throws: when it fails.
@discardableResult
func shell(_ command: String) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-euo", "pipefail", "-c", command]
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CommandFailed(command: command) }
    return bytes
}
struct CommandFailed: Error { let command: String }
