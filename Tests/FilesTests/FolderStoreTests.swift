import Files
import Foundation
import Kernel
import Synchronization
import Testing

@Suite struct FolderStoreTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "files-\(UUID())").path
    private var store: FolderStore { FolderStore(folder) }
    private let name = FileName(UUID(), UUID())

    private func put(_ bytes: [UInt8], as name: FileName? = nil) async throws {
        let writer = try await store.begin(name ?? self.name, headLength: 2)
        try await writer.write(bytes)
        try await writer.finish(head: [1, 2])
    }
    private func all() async throws -> [StoredFile] {
        let files = Mutex<[StoredFile]>([])
        try await store.list { page in files.withLock { $0 += page } }
        return files.withLock { $0 }
    }

    @Test func `a file is there when it is finished, and not before`() async throws {
        let writer = try await store.begin(name, headLength: 2)
        try await writer.write([3, 4])
        try await writer.write([5])
        await #expect(throws: StoreError.absent) { try await store.read(name, at: 0, count: 1) }
        #expect(try await all().isEmpty)
        try await writer.finish(head: [1, 2])
        #expect(try await store.read(name, at: 0, count: 10) == [1, 2, 3, 4, 5])
        #expect(try await store.read(name, at: 3, count: 1) == [4])
        #expect(try await store.read(name, at: 5, count: 1) == [])
        let files = try await all()
        #expect(files.map(\.name) == [name] && files.map(\.size) == [5])
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test func `what is abandoned or forgotten leaves nothing`() async throws {
        let writer = try await store.begin(name, headLength: 2)
        try await writer.write([3])
        await writer.abandon()
        do {
            let forgotten = try await store.begin(name, headLength: 2)
            try await forgotten.write([3])
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder + "/unfinished")
        #expect(left.isEmpty)
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test func `what a crash left unfinished is swept, and what is being written is not`() async throws {
        try await put([3])
        let half = folder + "/unfinished/half"
        _ = FileManager.default.createFile(atPath: half, contents: Data([1]))
        try await store.sweep(before: Instant(microseconds: 0))
        #expect(FileManager.default.fileExists(atPath: half))
        try await store.sweep(before: Instant(microseconds: .max / 2))
        #expect(!FileManager.default.fileExists(atPath: half))
        #expect(try await all().count == 1)
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test func `what was removed is gone, and removing it again harms nothing`() async throws {
        let other = FileName(UUID(), UUID())
        try await put([3])
        try await put([4], as: other)
        try await store.remove(name)
        try await store.remove(name)
        #expect(try await all().map(\.name) == [other])
        await #expect(throws: StoreError.absent) { try await store.read(name, at: 0, count: 1) }
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test func `what is there and cannot be looked at is not passed over`() async throws {
        try await put([3])
        let blocked = "\(folder)/\(UUID().uuidString.lowercased())"
        _ = FileManager.default.createFile(atPath: blocked, contents: Data([1]))
        await #expect(throws: StoreError.self) { try await all() }
        try FileManager.default.removeItem(atPath: blocked)
        #expect(try await all().map(\.name) == [name])
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test func `what cannot be swept keeps nothing else from going, and is told`() async throws {
        try await put([3])
        let unfinished = folder + "/unfinished"
        try FileManager.default.createDirectory(atPath: unfinished + "/a", withIntermediateDirectories: true)
        for name in ["0", "half", "z"] {
            _ = FileManager.default.createFile(atPath: "\(unfinished)/\(name)", contents: Data([1]))
        }
        await #expect(throws: StoreError.self) { try await store.sweep(before: Instant(microseconds: .max / 2)) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: unfinished) == ["a"])
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test func `only the user who runs the server may look`() async throws {
        try await put([3])
        let place = "\(folder)/\(name.organization.uuidString.lowercased())"
        let mode = try FileManager.default.attributesOfItem(atPath: place)[.posixPermissions] as? Int
        #expect(mode == 0o700)
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test func `a name is read as it is written`() {
        #expect(FileName(name.text) == name)
        for text in ["", "a/b", name.text.uppercased(), name.text + "/", name.text + "0"] {
            #expect(FileName(text) == nil)
        }
    }
}
