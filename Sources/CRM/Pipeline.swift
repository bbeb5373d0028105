public import FoundationEssentials
public import Kernel

/// The way of a deal: open stages in their order, and those in which it ends.
public enum Pipeline: Taggable {
    /// `pipeline`.
    public static let name = "pipeline"
    /// `pipelines`.
    public static let plural = "pipelines"
    /// Owners shape the organization.
    public static let audience = Audience.owners

    // MARK: What is known of one?

    /// Stages, transitions, which stages are retired and with whom it is shared are told by events of their own.
    public static let fields =
        plain + [Field("stages", .map(of: .object(stage), keys: .id)), transitions, retired, sharedWith]
    private static let plain = [
        Field("name", .line).required().searchable(.a)
            .known(as: [.dynamics: "processId", .hubspot: "label"]),
        .description, .owner, .custom,
    ]
    private static let stageName = Field("name", .text(100)).required()
    private static let kind = Field("kind", .choice(Stage.Kind.allCases.map(\.rawValue))).required()
    private static let probability = Field("probability", .integer(0...100))
    /// After how many days in it a deal is rotting; 0: never.
    private static let rotting = Field("rotting_days", .integer(0...3650))
    private static let value = Field("estimated_value", .money)
    private static let stage = [
        stageName, kind, Field("position", .integer(1...1000)), probability, rotting, value,
    ]
    private static let transitions = Field("transitions", .map(of: .list(of: .id, 100), keys: .id))
    /// Where the deals of each went.
    private static let retired = Field("retired", .map(of: .id, keys: .id))
    /// The members and teams for whom it was made; by id, since a team and a member never share one.
    private static let sharedWith = Field("shared_with", .map(of: .object([holder]), keys: .record(of: holders)))
    private static let holder = Field("entity", .choice(holders)).required()
    private static let holders = [Member.name, Team.name]
    /// The fields are all that is remembered.
    public typealias Content = Record
    /// Absent, active or archived.
    public typealias State = Life<Content>

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable, TagCommand {
        case create(Record)
        case edit(Patch)
        case addStage(Stage.Kind, Patch, after: UUID?)
        case editStage(UUID, Patch)
        case reorder([UUID])
        case retireStage(UUID, target: UUID)
        case share(entity: String, UUID)
        case unshare(UUID)
        case tag(Patch)
        case archive, restore
    }
    /// How it is asked.
    public static let acts: [Act<Command>] =
        [
            Act(
                "create", .creates, "Set up a pipeline with its stages in their order, its own or those of a template",
                takes: plain + [
                    Field("template", .choice(PipelineTemplate.allCases.map(\.rawValue))),
                    Field(
                        "stages",
                        .list(of: .object([Field("id", .id), stageName, kind, probability, rotting, value]), 100)
                    ), transitions,
                ]
            ) { body throws(Flaw) in .create(try Pipeline.record(of: body)) },
            Act("edit", .edits, "Change what is known of a pipeline", takes: plain + [transitions]) { .edit($0.patch) },
            Act(
                "add_stage", .verb, "Add a stage",
                takes: [stageName, kind, probability, rotting, value, Field("after", .id)]
            ) { body throws(Flaw) in
                .addStage(
                    try body.required(body.text("kind").flatMap(Stage.Kind.init), "kind"), body.patch,
                    after: body.id("after"))
            },
            Act(
                "edit_stage", .verb,
                "Rename a stage, or change its probability or after how many days a deal rots in it",
                takes: [Field("stage_id", .id).required(), Field("name", .text(100)), probability, rotting, value]
            ) { body throws(Flaw) in
                .editStage(try body.required(body.id("stage_id"), "stage_id"), body.patch)
            },
            Act(
                "reorder", .verb, "Put all stages in order", takes: [Field("stage_ids", .list(of: .id, 100)).required()]
            ) {
                .reorder(($0.values["stage_ids"]?.array ?? []).compactMap { $0.string.flatMap(UUID.init(text:)) })
            },
            Act(
                "retire_stage", .verb, "Take a stage out of use; its open deals are moved to another of its kind",
                takes: [
                    Field("stage_id", .id).required().alias("stage"),
                    Field("target_id", .id).required().alias("target"),
                ]
            ) { body throws(Flaw) in
                .retireStage(
                    try body.required(body.id("stage_id"), "stage_id"),
                    target: try body.required(body.id("target_id"), "target_id"))
            },
            Act(
                "allow", .verb, "Say which stages may follow one; without a list any may",
                takes: [Field("from", .id).required(), Field("to", .list(of: .id, 100))]
            ) { body throws(Flaw) in
                let from = try body.required(body.text("from"), "from")
                return .edit(Patch(["transitions": .object([from: body.values["to"] ?? .null])]))
            },
            Act("share", .verb, "Share a pipeline with a member or a team", takes: [subject]) { body throws(Flaw) in
                let subject = body.values["with"]
                return .share(
                    entity: try body.required(subject?["entity"]?.string, "with"), try Pipeline.id(of: subject, body))
            },
            Act("unshare", .verb, "Share a pipeline with a member or a team no longer", takes: [subject]) {
                body throws(Flaw) in .unshare(try Pipeline.id(of: body.values["with"], body))
            },
            Act("archive", .archives, "Put a pipeline away; no new deals are opened in it") { _ in .archive },
            Act("restore", .verb, "Take a pipeline out again") { _ in .restore },
        ] + tagging

    private static let subject = Field("with", .record(of: holders)).required()

    private static func id(of subject: JSON?, _ body: Body) throws(Flaw) -> UUID {
        try body.required(subject?["id"]?.string.flatMap(UUID.init(text:)), "with")
    }
    /// The stages are those of the body or those of the template that it names.
    private static func record(of body: Body) throws(Flaw) -> Record {
        guard let template = body.text("template").flatMap(PipelineTemplate.init) else {
            _ = try body.required(body.values["stages"], "stages")
            return body.record
        }
        guard body.values["stages"] == nil else {
            throw Flaw("/template", "duplicate", "the stages are given already; name a template or give stages")
        }
        var values = body.values
        values["template"] = nil
        values["stages"] = .array(template.stages)
        return Record(values)
    }

    // MARK: What can have happened?

    /// What can have happened.
    public enum Event: Message, TagEvent {
        case created(Record)
        case edited(set: Patch)
        /// Whole stages by id.
        case stagesChanged(stages: Patch)
        /// Lists by the stage they start from; null where any may follow again.
        case transitionsChanged(transitions: Patch)
        /// The stage that takes no more deals, and where its deals go.
        case stageRetired(retired: Patch)
        /// Of which entity the member or team is, by its id.
        case shared(shared_with: Patch)
        /// Null by the id of the member or team.
        case unshared(shared_with: Patch)
        case tagsChanged(tags: Patch)
        case archived, restored
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case created = "pipeline.created@1"
            case edited = "pipeline.edited@1"
            case stagesChanged = "pipeline.stages_changed@1"
            case transitionsChanged = "pipeline.transitions_changed@1"
            case stageRetired = "pipeline.stage_retired@1"
            case shared = "pipeline.shared@1"
            case unshared = "pipeline.unshared@1"
            case tagsChanged = "pipeline.tags_changed@1"
            case archived = "pipeline.archived@1"
            case restored = "pipeline.restored@1"
        }
    }

    // MARK: What does it mean?

    /// What it means.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .created(let record): state = .active(record)
        case .edited(let change): state.change { $0.merge(change, fields) }
        case .stagesChanged(let stages):
            state.change { $0.merge(Patch(["stages": .object(stages.values)]), fields) }
        case .transitionsChanged(let transitions):
            state.change { $0.merge(Patch(["transitions": .object(transitions.values)]), fields) }
        case .stageRetired(let retired):
            state.change { $0.merge(Patch(["retired": .object(retired.values)]), fields) }
        case .shared(let holders), .unshared(let holders):
            state.change { $0.merge(Patch(["shared_with": .object(holders.values)]), fields) }
        case .tagsChanged(let tags): state.retag(tags)
        case .archived: state.archive()
        case .restored: state.restore()
        }
    }
}
