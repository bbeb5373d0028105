import Foundation
import Kernel

/// What the first owner needs to come in: `owner.json`, readable by its owner only.
struct Credentials: Codable, Equatable {
    var url: String
    var organization: String
    var email: String
    var password: String
    var token: String

    /// What a file holds; nil where there is none.
    static func read(_ path: String) throws -> Credentials? {
        guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
        do { return try JSONDecoder().decode(Credentials.self, from: bytes) } catch {
            throw Exit(.failed, "\(path) holds no owner's credentials. Restore it, or remove it to get new ones.")
        }
    }

    /// Writes a file at once, never readable by others.
    func write(_ path: String) throws {
        let new = path + ".new"
        unlink(new)
        let bytes = Data((json.text + "\n").utf8)
        guard
            FileManager.default.createFile(atPath: new, contents: bytes, attributes: [.posixPermissions: 0o600]),
            rename(new, path) == 0
        else { throw Exit(.lacking, "The credentials cannot be written to \(path). Check the folder and its mode.") }
    }

    var json: JSON {
        [
            "url": .string(url), "organization": .string(organization), "email": .string(email),
            "password": .string(password), "token": .string(token),
        ]
    }
}
