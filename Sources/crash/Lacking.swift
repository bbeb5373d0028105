import Foundation
import Logging

/// What the environment does not have: exit code 3.
struct Lacking: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A log that nobody reads: what connections say while they are cut is no news.
let quiet = Logger(label: "crash") { _ in SwiftLogNoOpLogHandler() }

/// Progress, for people: standard output is for the result.
func talk(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data("\(text)\n".utf8)) }

/// Asks until the answer is yes. False: it never was.
func within(_ limit: Duration, _ isSo: () async throws -> Bool) async -> Bool {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if (try? await isSo()) ?? false { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return false
}
