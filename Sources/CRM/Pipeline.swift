public import FoundationEssentials
public import Kernel

/// The way of a deal: open stages in their order, and those in which it ends.
public enum Pipeline: Lasting {
    /// `pipeline`.
    public static let name = "pipeline"
    /// `pipelines`.
    public static let plural = "pipelines"
    /// Owners shape the organization.
    public static let audience = Audience.owners

    // MARK: What is known of one?

    /// Stages, transitions and which stages are retired are told by events of their own.
    public static let fields = plain + [Field("stages", .map(of: .object(stage), keys: .id)), transitions, retired]
    private static let plain = [
        Field("name", .line).required().searchable(.a)
            .known(as: [.dynamics: "processId", .hubspot: "label"]),
        .description, .owner,
    ]
    private static let stageName = Field("name", .text(100)).required()
    private static let kind = Field("kind", .choice(Stage.Kind.allCases.map(\.rawValue))).required()
    private static let probability = Field("probability", .integer(0...100))
    private static let stage = [stageName, kind, Field("position", .integer(1...1000)), probability]
    private static let transitions = Field("transitions", .map(of: .list(of: .id, 100), keys: .id))
    /// Where the deals of each went.
    private static let retired = Field("retired", .map(of: .id, keys: .id))
    /// The fields are all that is remembered.
    public typealias Content = Record
    /// Absent, active or archived.
    public typealias State = Life<Content>

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable {
        case create(Record)
        case edit(Patch)
        case addStage(name: String, kind: Stage.Kind, probability: Int64?, after: UUID?)
        case editStage(UUID, name: String?, probability: Int64?)
        case reorder([UUID])
        case retireStage(UUID, target: UUID)
        case archive, restore
    }
    /// How it is asked.
    public static let acts: [Act<Command>] = [
        Act(
            "create", .creates, "Set up a pipeline with its stages in their order",
            takes: plain + [
                Field("stages", .list(of: .object([Field("id", .id), stageName, kind, probability]), 100)).required(),
                transitions,
            ]
        ) { .create($0.record) },
        Act("edit", .edits, "Change what is known of a pipeline", takes: plain + [transitions]) { .edit($0.patch) },
        Act("add_stage", .verb, "Add a stage", takes: [stageName, kind, probability, Field("after", .id)]) {
            body throws(Flaw) in
            .addStage(
                name: try body.required(body.text("name"), "name"),
                kind: try body.required(body.text("kind").flatMap(Stage.Kind.init), "kind"),
                probability: body.integer("probability"), after: body.id("after"))
        },
        Act(
            "edit_stage", .verb, "Change the name or the probability of a stage",
            takes: [Field("stage_id", .id).required(), Field("name", .text(100)), probability]
        ) { body throws(Flaw) in
            .editStage(
                try body.required(body.id("stage_id"), "stage_id"), name: body.text("name"),
                probability: body.integer("probability"))
        },
        Act("reorder", .verb, "Put all stages in order", takes: [Field("stage_ids", .list(of: .id, 100)).required()]) {
            .reorder(($0.values["stage_ids"]?.array ?? []).compactMap { $0.string.flatMap(UUID.init(uuidString:)) })
        },
        Act(
            "retire_stage", .verb, "Take a stage out of use; its open deals are moved to another of its kind",
            takes: [
                Field("stage_id", .id).required().alias("stage"), Field("target_id", .id).required().alias("target"),
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
        Act("archive", .archives, "Put a pipeline away; no new deals are opened in it") { _ in .archive },
        Act("restore", .verb, "Take a pipeline out again") { _ in .restore },
    ]

    // MARK: What can have happened?

    /// What can have happened.
    public enum Event: Message {
        case created(Record)
        case edited(set: Patch)
        /// Whole stages by id.
        case stagesChanged(stages: Patch)
        /// Lists by the stage they start from; null where any may follow again.
        case transitionsChanged(transitions: Patch)
        /// The stage that takes no more deals, and where its deals go.
        case stageRetired(retired: Patch)
        case archived, restored
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case created = "pipeline.created@1"
            case edited = "pipeline.edited@1"
            case stagesChanged = "pipeline.stages_changed@1"
            case transitionsChanged = "pipeline.transitions_changed@1"
            case stageRetired = "pipeline.stage_retired@1"
            case archived = "pipeline.archived@1"
            case restored = "pipeline.restored@1"
        }
    }

    // MARK: What is refused, and what to do then?

    /// Why not.
    public enum Rejection: String, LastingRefusal {
        case absent = "pipeline.not_found"
        case exists = "pipeline.already_exists"
        case archived = "pipeline.archived"
        case stageKindMissing = "pipeline.stage_kind_missing"
        case stageRetired = "pipeline.stage_retired"
        case stageNameTaken = "pipeline.stage_name_taken"
        case stageTwice = "pipeline.stage_twice"
        case stageUnknown = "pipeline.stage_unknown"
        case orderIncomplete = "pipeline.order_incomplete"
        case targetUnfit = "pipeline.target_unfit"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such pipeline."
            case .exists: "This pipeline exists already; edit it instead."
            case .archived: "This pipeline is archived; restore it first."
            case .stageKindMissing: "A pipeline needs at least one open, one won and one lost stage."
            case .stageNameTaken: "Another stage of this pipeline has this name; choose one of its own."
            case .stageTwice: "Two stages are given the same id; leave ids out to have them made."
            case .stageUnknown: "The pipeline has no such stage; its stages are listed with their ids."
            case .orderIncomplete: "The order must name each stage of the pipeline that is in use exactly once."
            case .stageRetired: "This stage is retired already, and its deals were sent to another stage."
            case .targetUnfit: "The target must be another stage of the same kind that is in use."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .absent: .absent
            case .exists, .archived, .stageRetired: .conflict
            case .stageKindMissing, .stageNameTaken, .stageTwice, .stageUnknown, .orderIncomplete, .targetUnfit:
                .invalid
            }
        }
    }

    // MARK: What happens?

    /// What happens. A pipeline has stages of each kind in use from the first event on: a stage keeps its kind, and
    /// where one is retired another of its kind takes over.
    public static func decide(_ command: Command, given state: State, in context: Context) throws(Rejection) -> [Event]
    {
        switch command {
        case .create(let record): return try begin(state, with: .created(try created(record, context)))
        case .edit(let patch):
            let pipeline = try inUse(state)
            let change = patch.without("stages", "retired").effective(on: pipeline, fields)
            let (plain, transitions) = (change.without("transitions"), change["transitions"])
            let events: [Event] = plain.isEmpty ? [] : [.edited(set: plain)]
            guard let transitions else { return events }
            // Null for the whole map frees each stage in it.
            let lists = transitions.object ?? (pipeline["transitions"]?.object ?? [:]).mapValues { _ in JSON.null }
            try check(transitions: lists, Stages(pipeline))
            return events + [.transitionsChanged(transitions: Patch(lists))]
        case .addStage(let name, let kind, let probability, let after):
            let stages = Stages(try inUse(state))
            if let same = stages.taken(name) {
                let isAsAsked = same.kind == kind && probability ?? same.probability == same.probability
                guard isAsAsked, !stages.isRetired(same.id) else { throw .stageNameTaken }
                return []
            }
            if let after, stages[after] == nil { throw .stageUnknown }
            let new = stages.adding(name, kind, probability: probability, after: after, id: context.newID())
            return [.stagesChanged(stages: new.change(from: stages))]
        case .editStage(let id, let name, let probability):
            let stages = Stages(try inUse(state))
            guard stages[id] != nil else { throw .stageUnknown }
            if let name, stages.taken(name, except: id) != nil { throw .stageNameTaken }
            let change = stages.editing(id, name: name, probability: probability).change(from: stages)
            return change.isEmpty ? [] : [.stagesChanged(stages: change)]
        case .reorder(let ids):
            let stages = Stages(try inUse(state))
            guard let change = stages.ordered(ids)?.change(from: stages) else { throw .orderIncomplete }
            return change.isEmpty ? [] : [.stagesChanged(stages: change)]
        case .retireStage(let id, let target): return try retire(id, to: target, Stages(try inUse(state)))
        case .archive: return try archive(state, with: .archived)
        case .restore: return try restore(state, with: .restored)
        }
    }

    private static func retire(_ id: UUID, to target: UUID, _ stages: Stages) throws(Rejection) -> [Event] {
        guard let stage = stages[id], let other = stages[target] else { throw .stageUnknown }
        if stages.target(of: id) == target { return [] }
        guard !stages.isRetired(id) else { throw .stageRetired }
        guard id != target, other.kind == stage.kind, !stages.isRetired(target) else { throw .targetUnfit }
        return [.stageRetired(retired: Patch([id.text: .string(target.text)]))]
    }

    /// The first event's fields: stages have ids, positions and probabilities.
    private static func created(_ record: Record, _ context: Context) throws(Rejection) -> Record {
        let given = record["stages"]?.array ?? []
        let opens = Int64(given.count { $0["kind"] == "open" })
        var stages: [String: JSON] = [:]
        var names: Set<String?> = []
        var opened: Int64 = 0
        for (index, item) in given.enumerated() {
            guard let kind = item["kind"]?.string.flatMap(Stage.Kind.init), let name = item["name"]?.string else {
                continue
            }
            if kind == .open { opened += 1 }
            // Where nothing is said: open stages rise evenly between lost and won.
            let chance: Int64 = kind == .won ? 100 : kind == .lost ? 0 : 100 * opened / (opens + 1)
            let id = item["id"]?.string.flatMap(UUID.init(uuidString:)) ?? context.newID()
            let stage = Stage(
                id: id, name: name, kind: kind, position: Int64(index) + 1,
                probability: item["probability"]?.integer ?? chance)
            guard stages.updateValue(stage.json, forKey: id.text) == nil else { throw .stageTwice }
            guard names.insert(Normal.key(name)).inserted else { throw .stageNameTaken }
        }
        var result = record
        result.set("stages", .object(stages))
        let known = Stages(result)
        guard Stage.Kind.allCases.allSatisfy({ known.first($0) != nil }) else { throw .stageKindMissing }
        try check(transitions: record["transitions"]?.object ?? [:], known)
        return result
    }
    private static func check(transitions: [String: JSON], _ stages: Stages) throws(Rejection) {
        let named = transitions.flatMap { from, to in [from] + (to.array ?? []).compactMap(\.string) }
        let known = Set(stages.all.map(\.id.text))
        guard known.isSuperset(of: named) else { throw .stageUnknown }
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
        case .archived: state.archive()
        case .restored: state.restore()
        }
    }
}
