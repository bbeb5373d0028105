import FoundationEssentials
import Kernel
public import Kernel

// MARK: What is refused, and what to do then?

extension Pipeline {
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
        case sharedTooOften = "pipeline.shared_too_often"

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
            case .sharedTooOften: "A pipeline is shared with at most 200 members and teams; share it with a team."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .absent: .absent
            case .exists, .archived, .stageRetired, .sharedTooOften: .conflict
            case .stageKindMissing, .stageNameTaken, .stageTwice, .stageUnknown, .orderIncomplete, .targetUnfit:
                .invalid
            }
        }
    }
}

// MARK: What happens?

extension Pipeline {
    /// What happens. A pipeline has stages of each kind in use from the first event on: a stage keeps its kind, and
    /// where one is retired another of its kind takes over.
    public static func decide(_ command: Command, given state: State, in context: Context) throws(Rejection) -> [Event]
    {
        switch command {
        case .create(let record): return try begin(state, with: .created(try created(record, context)))
        case .edit(let patch):
            let pipeline = try inUse(state)
            let change = patch.without("stages", "retired", "shared_with").effective(on: pipeline, fields)
            let (plain, transitions) = (change.without("transitions"), change["transitions"])
            let events: [Event] = plain.isEmpty ? [] : [.edited(set: plain)]
            guard let transitions else { return events }
            // Null for the whole map frees each stage in it.
            let lists = transitions.object ?? (pipeline["transitions"]?.object ?? [:]).mapValues { _ in JSON.null }
            try check(transitions: lists, Stages(pipeline))
            return events + [.transitionsChanged(transitions: Patch(lists))]
        case .addStage(let kind, let facts, let after): return try added(kind, facts, after, state, context)
        case .editStage(let id, let change):
            let stages = Stages(try inUse(state))
            guard stages[id] != nil else { throw .stageUnknown }
            if let name = change.text("name"), stages.taken(name, except: id) != nil { throw .stageNameTaken }
            let changed = stages.editing(id, change).change(from: stages)
            return changed.isEmpty ? [] : [.stagesChanged(stages: changed)]
        case .reorder(let ids):
            let stages = Stages(try inUse(state))
            guard let change = stages.ordered(ids)?.change(from: stages) else { throw .orderIncomplete }
            return change.isEmpty ? [] : [.stagesChanged(stages: change)]
        case .retireStage(let id, let target): return try retire(id, to: target, Stages(try inUse(state)))
        case .share(let entity, let id):
            let holders = try inUse(state)["shared_with"]?.object ?? [:]
            if holders[id.text] != nil { return [] }
            guard holders.count < 200 else { throw .sharedTooOften }
            return [.shared(shared_with: Patch([id.text: ["entity": .string(entity)]]))]
        case .unshare(let id):
            let holders = try inUse(state)["shared_with"]?.object ?? [:]
            return holders[id.text] == nil ? [] : [.unshared(shared_with: Patch([id.text: .null]))]
        case .tag(let tags): return try retagged(state, by: tags)
        case .archive: return try archive(state, with: .archived)
        case .restore: return try restore(state, with: .restored)
        }
    }

    /// The same name again is the same stage, where nothing else is asked of it.
    private static func added(
        _ kind: Stage.Kind, _ facts: Patch, _ after: UUID?, _ state: State, _ context: Context
    ) throws(Rejection) -> [Event] {
        let stages = Stages(try inUse(state))
        if let same = facts.text("name").flatMap({ stages.taken($0) }) {
            let isAsAsked = same.kind == kind && stages.editing(same.id, facts.without("name")) == stages
            guard isAsAsked, !stages.isRetired(same.id) else { throw .stageNameTaken }
            return []
        }
        if let after, stages[after] == nil { throw .stageUnknown }
        let new = stages.adding(kind, facts, after: after, id: context.newID())
        return [.stagesChanged(stages: new.change(from: stages))]
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
            let id = item["id"]?.string.flatMap(UUID.init(text:)) ?? context.newID()
            var stage = Stage(id: id, name: name, kind: kind, position: Int64(index) + 1, probability: chance)
            stage.take(Patch(item.object ?? [:]))
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
}
