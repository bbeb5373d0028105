import API
import Application
import ArgumentParser
import Audit
import Foundation
import Postgres
import Vault

/// How a verb ends when it does not end well: a sentence that says what to do, and the code that scripts read.
struct Exit: Error {
    /// The codes of all verbs.
    enum Code: Int32 {
        case well = 0
        /// It did not work.
        case failed = 1
        /// It worked and found something: a difference, a rejected row, tampering.
        case found = 2
        /// The environment lacks something: a package, a free port, a schema of this version.
        case lacking = 3
    }

    let code: Code
    /// Empty where all has been said.
    let sentence: String

    init(_ code: Code, _ sentence: String = "") { (self.code, self.sentence) = (code, sentence) }

    /// What any error means for the one who typed the command.
    init(_ error: any Error) {
        switch error {
        case let exit as Exit: self = exit
        case Server.Failure.portInUse(let port): self = Doorway.refusal(port, EADDRINUSE)
        case let error as ClusterError: self.init(.lacking, "\(error)")
        case let error as KeyError: self.init(.lacking, "\(error)")
        case let error as RegisterError: self.init(.lacking, "\(error)")
        case let error as MigrationError: self.init(.lacking, "\(error)")
        case let error as PostgresError where error.kind.isOfEnvironment:
            self.init(.lacking, "The database cannot be used. \(error)")
        case let error as PostgresError: self.init(.failed, "The database refused. \(error)")
        case AuditError.notVerified: self.init(.found, "\(error)")
        case let error as AuditError: self.init(.failed, "\(error)")
        case let error as FileError: self.init(.failed, "\(error)")
        case let problem as Problem: self.init(.failed, "\(problem.detail) (\(problem.code))")
        case is CancellationError: self.init(.failed, "Stopped before it was done.")
        case let error where Root.exitCode(for: error) == .success:
            print(Root.fullMessage(for: error))
            self.init(.well)
        default: self.init(.failed, Root.fullMessage(for: error))
        }
    }

    /// Says the sentence on standard error and ends the process.
    func leave() -> Never {
        if !sentence.isEmpty { say(sentence.hasPrefix("Error:") ? sentence : "daybook: \(sentence)") }
        exit(code.rawValue)
    }
}

/// Talk and progress, which go to standard error: standard output is for what a program reads.
func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

extension PostgresError.Kind {
    /// Whether it is for the one who runs the server to mend: the database is not there, or does not let us in.
    fileprivate var isOfEnvironment: Bool {
        switch self {
        case .connectionLost, .authentication, .undefinedDatabase, .invalidSettings, .insufficientResources,
            .insufficientPrivilege, .readOnly:
            true
        default: false
        }
    }
}
