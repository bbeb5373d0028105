import CRM
import FoundationEssentials
import Kernel

extension Daybook {
    /// Puts the demonstration onto an organization's default pipeline. Repeating it changes nothing.
    /// - Returns: why it has no file, where the store of files did not take one; all else is there.
    /// - Throws: `organization.default_pipeline_missing` (409) where there is none to put it on.
    @discardableResult
    public func demonstrate(in organization: UUID) async throws(Problem) -> Problem? {
        let keys = try await commands.organizationKeys(of: organization)
        var known = WorkingSet(readAt: .max)
        try await commands.load([Reference(Organization.self, organization)], into: &known, organization)
        let settings = known.streams[organization]?.state as? Organization.State ?? nil
        guard let pipeline = settings?.id("default_pipeline_id") else {
            throw Problem(
                "organization.default_pipeline_missing", 409, "Give the organization a default pipeline first.")
        }
        try await commands.load([Reference(Pipeline.self, pipeline)], into: &known, organization)
        let stages = (known.streams[pipeline]?.state as? Pipeline.State)?.content.map { Stages($0).all } ?? []
        let caller = Caller(
            organization: organization, actor: organization, kind: .system, role: .owner, channel: .cli,
            request: "demonstration")
        var demonstration = Demonstration(
            commands: commands, caller: caller, keys: keys, pipeline: pipeline,
            openStages: stages.filter { $0.kind == .open }.map(\.id), currency: settings?.text("currency"))
        try await demonstration.load()
        do throws(Problem) {
            if attachments.isOffered { try await demonstration.attach(by: attachments) }
            return nil
        } catch { return error }
    }
}
