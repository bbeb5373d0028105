public import CRM
public import FoundationEssentials
public import Kernel

// MARK: What is known just now, before read tables show it?

extension Commands {
    /// A record as the next decision will find it, also where it is put away, and its version.
    /// - Throws: `<entity>.not_found`, `person.erased`.
    public func present(
        _ entity: any Entity.Type, _ id: UUID, by caller: Caller
    ) async throws(Problem) -> (record: Record, version: Int32) {
        var known = WorkingSet(readAt: .max)
        try await load([Reference(entity, id)], into: &known, caller.organization)
        guard let loaded = known.streams[id], loaded.exists, let record = entity.record(of: loaded) else {
            throw .absent(entity.name)
        }
        if loaded.isErased { throw .erased }
        return (record, loaded.version)
    }

    /// The stages of a pipeline, or of the organization's default one; none where there is no such pipeline.
    public func stages(of pipeline: UUID?, by caller: Caller) async throws(Problem) -> Stages {
        var pipeline = pipeline
        if pipeline == nil {
            let organization = try await present(Organization.self, caller.organization, by: caller).record
            pipeline = organization["default_pipeline_id"]?.string.flatMap(UUID.init(text:))
        }
        guard let pipeline else { return Stages(Record()) }
        do {
            return Stages(try await present(Pipeline.self, pipeline, by: caller).record)
        } catch  where error.status == 404 { return Stages(Record()) }
    }
}

extension Entity {
    /// The plain fields of a stream that was read.
    fileprivate static func record(of loaded: Loaded) -> Record? { (loaded.state as? State).flatMap(record) }
}
