import Files
import Foundation
import Kernel
import PostgresTesting
import Testing

@testable import Application

/// Where a house takes in its messages, with a store of their files.
struct MailDesk {
    let house: TestHouse
    let emails: Emails
    let store = FolderStore(FileManager.default.temporaryDirectory.appending(path: "mail-\(UUID())").path)

    init(_ house: TestHouse) {
        self.house = house
        let files = Attachments(
            commands: house.daybook.commands, options: Attachments.Options(store: store, limit: 1 << 20), log: quiet
        )
        emails = Emails(commands: house.daybook.commands, queries: house.daybook.queries, attachments: files)
    }

    func archive(
        _ bytes: [UInt8], _ parameters: [Parameter] = [], key: String? = nil, role: Role = .owner
    ) async throws -> Archived {
        try await emails.archive(
            bytes, try Emails.Wish(parameters), by: house.caller(role), key: key, min: try await house.head())
    }
    func record(_ id: UUID, _ entity: String = "interaction") async throws -> JSON {
        let reply = try await house.daybook.queries.record(
            entity, id, by: house.owner, min: try await house.head())
        return try JSON(parsing: reply.body)
    }
    func make(_ entity: String, _ act: String, _ body: JSON) async throws -> UUID {
        try await house.ask(entity, .new, act, body).results[0].id
    }
    /// What is in a file that came with a message.
    @discardableResult
    func bytes(of archived: Archived, _ index: Int = 0) async throws -> [UInt8] {
        let file = archived.json["attachments"]?.array?[index]
        let id = try #require(file?["id"]?.string.flatMap(UUID.init(uuidString:)))
        let content = try await emails.attachments.content(id, by: house.owner)
        var bytes: [UInt8] = []
        try await content.read(0..<content.size) { bytes += $0 }
        return bytes
    }
    func lookup(_ email: String) async throws -> JSON {
        let reply = try await emails.lookup(
            [Parameter("email", email)], by: house.owner, min: try await house.head())
        return try JSON(parsing: reply.body)
    }
}
