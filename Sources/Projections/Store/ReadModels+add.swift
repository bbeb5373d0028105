extension ReadModels {
    /// Makes some projections and views what these files say, and leaves all others as they are. Views are put up in
    /// the order of their files' names, the others' included.
    /// - Returns: the projections that were built.
    @discardableResult
    public func add(
        _ files: [ProjectionFile], catalogue: EventCatalogue? = nil,
        progress: @escaping @Sendable (RebuildProgress) -> Void = { _ in }
    ) async throws -> [String] {
        let some = try FileSet(files, catalogue: catalogue)
        return try await deploying { [log, unsealing] connection in
            var set = some
            let names = set.views.map(\.name)
            let others = try Views(connection: connection).known().map(\.view).filter { !names.contains($0.name) }
            set.views = (set.views + others).sorted { $0.file < $1.file }
            var work = Deploying(connection, set, unsealing, log: log, progress: progress)
            work.isWhole = false
            return try work.run()
        }
    }
}
