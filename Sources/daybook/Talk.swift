import Foundation
import Logging

/// What verbs say of their work: to people, on standard error.
enum Talk {
    /// The log of a verb: what went wrong beneath it.
    static let log = Logger(label: "daybook") { label in
        var handler = StreamLogHandler.standardError(label: label)
        handler.logLevel = .warning
        return handler
    }
}
