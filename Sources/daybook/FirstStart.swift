import Application
import CRM
import EventLog
import Foundation
import Kernel

/// What a server does before it serves: the first time, found an organization; each time, bring `owner.json` up to
/// date.
///
/// A file `unfinished` stands in the data folder from before the first event until all is done, so that a start after a
/// crash completes what the first one began.
struct FirstStart {
    let place: Place
    let daybook: Application.Daybook
    /// Whether to leave out the demonstration.
    let isEmpty: Bool

    private var marker: String { place.folder + "/unfinished" }

    /// The first owner's credentials, valid now; nil where the data are older than this folder and nobody told.
    /// - Parameter url: where the server will probably be.
    func run(url: String) async throws -> Credentials? {
        if try await daybook.reader.organizations().isEmpty { try mark() }
        let known = try Credentials.read(place.ownerFile)
        guard let task = FileManager.default.contents(atPath: marker) else {
            guard let known else { return nil }
            return try await refreshed(known)
        }
        let owner = if let known { try await refreshed(known) } else { try await founded(url) }
        try owner.write(place.ownerFile)
        if task != Data("empty\n".utf8), let organization = UUID(text: owner.organization) {
            say("Loading a small demonstration.")
            if let problem = try await daybook.demonstrate(in: organization) {
                // The next start completes it.
                say(
                    "The demonstration lacks its files: the store did not take them (\(problem.code)), and the log "
                        + "says why. Mend the setting attachments and those that belong to it; the next start tries "
                        + "again.")
                return owner
            }
        }
        unlink(marker)
        return owner
    }

    private func mark() throws {
        let text = isEmpty ? "empty\n" : "demonstration\n"
        unlink(place.ownerFile)  // It would be of a database that is not here any more.
        guard FileManager.default.createFile(atPath: marker, contents: Data(text.utf8)) else {
            throw Exit(.lacking, "The data folder \(place.folder) cannot be written to.")
        }
    }

    /// The first organization; after a crash in the middle the one that is there, with a new password.
    private func founded(_ url: String) async throws -> Credentials {
        if let organization = try await daybook.reader.organizations().first,
            let founding = try await daybook.access.recoverOwner(of: organization)
        {
            return Credentials(founding, url: url)
        }
        say("Founding the first organization.")
        let founding = try await daybook.access.createOrganization(name: "My Company", email: "owner@example.com")
        return Credentials(founding, url: url)
    }

    /// The same with a token that is valid.
    private func refreshed(_ known: Credentials) async throws -> Credentials {
        do {
            _ = try await daybook.access.caller(token: known.token, request: "start", channel: .cli)
            return known
        } catch {
            let organization = UUID(text: known.organization)
            var fresh = known
            // Whoever changed the password knows it; the file then keeps what it says.
            let session = try? await daybook.access.login(
                email: known.email, password: known.password, organization: organization)
            if let session { fresh.token = session.token }
            return fresh
        }
    }
}

extension Credentials {
    /// What a founder needs.
    init(_ founding: Access.Founding, url: String) {
        self.init(
            url: url, organization: founding.organization.text, email: founding.email, password: founding.password,
            token: founding.token)
    }
}
