import Foundation
import Yams

/// What the environment and the configuration file say. A flag beats both, the environment beats the file.
struct Settings {
    private let environment: [String: String]
    private let file: [String: String]

    /// Keys that the file may hold; each is the name of a flag.
    static let known: Set<String> = [
        "port", "empty", "credentials", "database-url", "role", "projections", "master-key-file", "erasure-register",
        "administrators", "attachments", "attachment-limit", "s3-endpoint", "s3-region", "s3-key-id", "s3-secret-file",
        "virus-scanner",
    ]

    /// - Parameter path: nil reads `daybook.yaml` in the data folder if there is one.
    init(
        file path: String?, folder: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        self.environment = environment
        let place = path ?? folder + "/daybook.yaml"
        guard let text = try? String(contentsOfFile: place, encoding: .utf8) else {
            guard path == nil else { throw Exit(.lacking, "The configuration file \(place) cannot be read.") }
            file = [:]
            return
        }
        let known = "It may have the keys \(Self.known.sorted().joined(separator: ", "))."
        guard let read = try? Yams.compose(yaml: text)?.mapping ?? [:] else {
            throw Exit(.lacking, "\(place) is not a YAML mapping. \(known)")
        }
        var file: [String: String] = [:]
        for (key, value) in read {
            guard let name = key.string, Self.known.contains(name), let text = value.scalar?.string else {
                throw Exit(.lacking, "\(place): \(key.string ?? "a key") is not understood. \(known)")
            }
            file[name] = text
        }
        self.file = file
    }

    /// `DAYBOOK_DATABASE_URL`, else the file's `database-url`.
    func text(_ name: String) -> String? {
        let variable = "DAYBOOK_" + name.uppercased().replacing("-", with: "_")
        if let value = environment[variable], !value.isEmpty { return value }
        return file[name]
    }

    func number(_ name: String) throws -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text) else { throw Exit(.lacking, "The setting \(name) is no number: \(text)") }
        return number
    }

    func flag(_ name: String) throws -> Bool {
        guard let text = text(name)?.lowercased() else { return false }
        guard let value = ["true": true, "1": true, "yes": true, "false": false, "0": false, "no": false][text] else {
            throw Exit(.lacking, "The setting \(name) is true or false, not \(text).")
        }
        return value
    }
}
