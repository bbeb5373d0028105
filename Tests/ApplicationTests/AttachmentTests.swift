import Audit
import CRM
import Files
import Foundation
import Kernel
import PostgresTesting
import Synchronization
import Testing
import Vault

@testable import Application

/// What becomes of bytes when something goes wrong, and of a file that comes with other commands.
@Suite struct AttachmentTests {
    /// A house with a place for files.
    private struct Ground {
        let house: TestHouse
        let store = FolderStore(FileManager.default.temporaryDirectory.appending(path: "files-\(UUID())").path)
        let attachments: Attachments
        let account: UUID

        init() async throws {
            house = try await TestHouse()
            attachments = Attachments(
                commands: house.daybook.commands, options: Attachments.Options(store: store), log: quiet)
            account = try await house.ask("account", .new, "create", ["name": "Pumps"]).results[0].id
        }
        func members(_ name: String = "a.txt") -> [String: JSON] {
            ["filename": .string(name), "subject": ["entity": "account", "id": .string(account.text)]]
        }
        /// Those of which the store has bytes.
        func stored(_ ids: UUID...) async -> [UUID] {
            var stored: [UUID] = []
            for id in ids where (try? await store.read(FileName(house.organization, id), at: 0, count: 1)) != nil {
                stored.append(id)
            }
            return stored
        }
        func leave() { try? FileManager.default.removeItem(atPath: store.folder) }
    }

    @Test func `a file becomes a record with others, as one unit`() async throws {
        let ground = try await Ground()
        defer { ground.leave() }
        let caller = ground.house.caller(.member)
        let note = ground.house.fresh()
        let body: JSON = [
            "text": "See the file", "subject": ["entity": "account", "id": .string(ground.account.text)],
        ]
        let received = try await ground.attachments.receive([1, 2, 3], in: ground.house.organization)
        let filing = try await ground.attachments.file(received, ground.members())
        let answer = try await ground.house.daybook.commands.execute(
            [Ask("note", .id(note), "write", body), filing.ask], filing: [filing], by: caller)
        #expect(answer.results.map(\.status) == [201, 201] && answer.results[1].id == filing.id)
        let content = try await ground.attachments.content(filing.id, by: ground.house.caller(.viewer))
        var bytes: [UInt8] = []
        try await content.read(0..<content.size) { bytes += $0 }
        #expect(bytes == [1, 2, 3])
    }

    @Test func `bytes in the store are nothing that anybody can read without the keys`() async throws {
        let ground = try await Ground()
        defer { ground.leave() }
        let plain = Array("Most confidential, and long enough to be found.".utf8)
        let received = try await ground.attachments.receive(plain, in: ground.house.organization)
        let id = try await ground.attachments.add(received, ground.members(), by: ground.house.caller(.member))
            .results[0].id
        let stored = try await ground.store.read(FileName(ground.house.organization, id), at: 0, count: 1000)
        #expect(Int64(stored.count) == SealedFile.sealedSize(of: Int64(plain.count)))
        #expect(stored.firstRange(of: Array("confidential".utf8)) == nil)
        let path = "\(ground.store.folder)/\(ground.house.organization.text)/\(id.text.suffix(2))/\(id.text)"
        var changed = stored
        changed[changed.count - 1] ^= 1
        try Data(changed).write(to: URL(fileURLWithPath: path))
        let content = try await ground.attachments.content(id, by: ground.house.caller(.member))
        await #expect(throws: Problem.fileMissing) { try await content.read(0..<content.size) { _ in } }
        try FileManager.default.removeItem(atPath: path)
        await #expect(throws: Problem.fileMissing) {
            _ = try await ground.attachments.content(id, by: ground.house.caller(.member))
        }
    }

    @Test func `what a crash left without a record is swept when its time is over, and no sooner`() async throws {
        let ground = try await Ground()
        defer { ground.leave() }
        let caller = ground.house.caller(.member)
        func add() async throws -> UUID {
            let received = try await ground.attachments.receive([1], in: ground.house.organization)
            return try await ground.attachments.add(received, ground.members(), by: caller).results[0].id
        }
        let kept = try await add()
        let removed = try await add()
        let erased = try await add()
        // Put in its place, and then the process died.
        let orphan = try await ground.attachments.file(
            try await ground.attachments.receive([1], in: ground.house.organization), ground.members())
        let foreign = FileName(UUID(), UUID())
        try await ground.store.begin(foreign, headLength: 0).finish(head: [1])
        _ = try await ground.house.ask("attachment", .id(removed), "remove", [:])
        _ = try await ground.house.daybook.people.erase(erased, by: ground.house.caller(.owner))

        let now = TestHouse.clock()
        try await ground.attachments.sweep(at: now)
        #expect(await ground.stored(kept, removed, erased, orphan.id) == [kept, orphan.id])
        try await ground.attachments.sweep(at: Instant(microseconds: now.microseconds + 8 * 86_400_000_000))
        #expect(await ground.stored(kept, orphan.id) == [kept])
        let untouched = try await ground.store.read(foreign, at: 0, count: 1)
        #expect(untouched == [1], "of an organization that is in another database")
    }

    @Test func `what cannot be swept keeps nothing else from being swept`() async throws {
        let ground = try await Ground()
        defer { ground.leave() }
        let received = try await ground.attachments.receive([1], in: ground.house.organization)
        let id = try await ground.attachments.add(received, ground.members(), by: ground.house.caller(.member))
            .results[0].id
        _ = try await ground.house.ask("attachment", .id(id), "remove", [:])
        try FileManager.default.createDirectory(
            atPath: ground.store.folder + "/unfinished/a", withIntermediateDirectories: true)
        let later = Instant(microseconds: TestHouse.clock().microseconds + 8 * 86_400_000_000)
        await #expect(throws: StoreError.self) { try await ground.store.sweep(before: later) }
        try await ground.attachments.sweep(at: later)
        #expect(await ground.stored(id) == [])
    }

    @Test func `where files may be large, one that is being written is left alone for longer`() async throws {
        let house = try await TestHouse()
        func unfinished(_ limit: Int64) -> Duration {
            Attachments(commands: house.daybook.commands, options: Attachments.Options(limit: limit), log: quiet)
                .unfinished
        }
        #expect(unfinished(25 << 20) == .seconds(86_400))
        #expect(unfinished(2 << 30) == .seconds(6 * 86_400 + 5888))
    }

    @Test func `a file in memory is taken as it is, also where it is a part of something`() async throws {
        let ground = try await Ground()
        defer { ground.leave() }
        let bytes = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let part = bytes[65_537..<2_500_000]
        let received = try await ground.attachments.receive(part, in: ground.house.organization)
        #expect(received.size == Int64(part.count) && received.sha256 == SHA256.hash(Array(part)).hex)
        let id = try await ground.attachments.add(received, ground.members(), by: ground.house.caller(.member))
            .results[0].id
        let content = try await ground.attachments.content(id, by: ground.house.owner)
        var all: [UInt8] = []
        try await content.read(0..<content.size) { all += $0 }
        #expect(all == Array(part))
    }

    @Test func `a backup names the attachments whose bytes the store does not have`() async throws {
        let ground = try await Ground()
        defer { ground.leave() }
        func add() async throws -> UUID {
            let received = try await ground.attachments.receive([1], in: ground.house.organization)
            return try await ground.attachments.add(received, ground.members(), by: ground.house.caller(.member))
                .results[0].id
        }
        let (kept, lost, removed, erased) = (try await add(), try await add(), try await add(), try await add())
        _ = try await ground.house.ask("attachment", .id(removed), "remove", [:])
        _ = try await ground.house.daybook.people.erase(erased, by: ground.house.owner)
        for id in [lost, removed, erased] { try await ground.store.remove(FileName(ground.house.organization, id)) }
        let folder = FileManager.default.temporaryDirectory.appending(path: "backup-\(UUID())").path
        let register = BackupRegister(folder + ".register", master: TestHouse.master)
        defer { for path in [folder, register.path] { try? FileManager.default.removeItem(atPath: path) } }
        let backups = Backups(
            ground.house.database.settings(), master: TestHouse.master, store: ground.store, log: quiet)
        let now = TestHouse.clock()
        let written = try await backups.write(to: folder, at: now, until: now, noting: register)
        #expect(written.lacking.map(\.id) == [lost] && written.summary.files == 1)
        #expect(await ground.stored(kept) == [kept])
    }

    @Test func `a demonstration goes without its files where the store does not answer, and gets them later`()
        async throws
    {
        let house = try await TestHouse()
        let nowhere = S3Store.Settings(
            endpoint: "http://127.0.0.1:1", region: "us-east-1", bucket: "b", keyID: "k", secret: "s")
        let daybook = Daybook(
            database: house.database.settings(), master: TestHouse.master, clock: TestHouse.clock,
            files: Attachments.Options(store: S3Store(nowhere, clock: TestHouse.clock)), log: quiet)
        let problem = try await daybook.demonstrate(in: house.organization)
        #expect(problem?.code == "attachment.store_unavailable")
        let keys = try await daybook.commands.organizationKeys(of: house.organization)
        let deal = keys.importID(source: "demonstration", entity: "deal", externalID: "fitting")
        #expect(try await daybook.commands.existing([deal], in: house.organization) == [deal])
        await daybook.close()

        let store = FolderStore(FileManager.default.temporaryDirectory.appending(path: "files-\(UUID())").path)
        defer { try? FileManager.default.removeItem(atPath: store.folder) }
        let mended = Daybook(
            database: house.database.settings(), master: TestHouse.master, clock: TestHouse.clock,
            files: Attachments.Options(store: store), log: quiet)
        for _ in 0..<2 {
            #expect(try await mended.demonstrate(in: house.organization) == nil)
            let count = Mutex(0)
            try await store.list { files in count.withLock { $0 += files.count } }
            #expect(count.withLock { $0 } == 4, "two messages, what came with one, and the offer on a deal")
        }
        await mended.close()
    }

    @Test func `without a place for files none is taken`() async throws {
        let house = try await TestHouse()
        await #expect(throws: Problem.self) {
            _ = try await house.daybook.attachments.receive([1], in: house.organization)
        }
    }
}
