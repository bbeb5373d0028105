import Audit
import Files
import Kernel
import Vault

/// The files of records in a backup: copies, as they are sealed, below `files`, with a list of them.
struct FileCopies: Sendable {
    private let folder: String

    /// - Parameter folder: the backup's.
    init(in folder: String) { self.folder = folder }

    private var copies: FolderStore { FolderStore("\(folder)/files") }

    /// Copies all that the store has. What goes away meanwhile is left out.
    /// - Returns: what the list tells, and which files are in it.
    func write(from store: any FileStore) async throws -> (totals: FileList.Totals, names: Set<FileName>) {
        let list = try FileList(in: folder)
        var names: Set<FileName> = []
        try await store.list { files in
            for file in files {
                do {
                    let (size, digest) = try await Self.copy(file.name, from: store, to: copies)
                    try list.add(FileList.Item(name: file.name.text, size: size, digest: digest))
                    names.insert(file.name)
                } catch StoreError.absent { continue }
            }
        }
        return (try list.finish(), names)
    }

    /// Copies all of a list into the store, after each was found to be as it was.
    /// - Throws: `FileError.damaged`, `StoreError`; `AuditError.noStore` where files are there and no place for them.
    func read(_ totals: FileList.Totals?, into store: (any FileStore)?) async throws {
        guard let totals else { return }
        let list = try FileList.read(folder, totals)
        guard !list.isEmpty else { return }
        guard let store else { throw AuditError.noStore }
        for item in list {
            guard let name = FileName(item.name), let digest = try? await Self.copy(name, from: copies, to: nil).digest,
                digest == item.digest
            else { throw AuditError.fileDamaged(item.name) }
        }
        for item in list {
            if let name = FileName(item.name) { _ = try await Self.copy(name, from: copies, to: store) }
        }
    }

    /// Copies a file, or only reads it.
    private static func copy(
        _ name: FileName, from source: any FileStore, to target: (any FileStore)?
    ) async throws -> (size: Int64, digest: [UInt8]) {
        var (size, hash): (Int64, SHA256) = (0, SHA256())
        // Looked at first: a file that is gone shall leave nothing.
        var bytes = try await source.read(name, at: 0, count: source.piece)
        let writer = try await target?.begin(name, headLength: 0)
        while !bytes.isEmpty {
            hash.update(bytes)
            size += Int64(bytes.count)
            try await writer?.write(bytes)
            bytes = bytes.count < source.piece ? [] : try await source.read(name, at: size, count: source.piece)
        }
        try await writer?.finish(head: [])
        return (size, hash.finish())
    }
}
