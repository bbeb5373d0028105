import Kernel

/// The pipelines and stages of another CRM, as its own tables describe them or as its deals name them.
struct ForeignPipelines: Sendable {
    private(set) var pipelines: [Pipeline] = []

    struct Pipeline: Sendable {
        var key: String
        var name: String
        var stages: [Stage] = []
    }
    struct Stage: Sendable {
        var key: String
        var name: String
        var kind: String
        var probability: Int64?
        var order = Int.max
    }

    /// A stage by its key or its name, in a pipeline or in any.
    func stage(_ text: String, in pipeline: String = "") -> Stage? {
        let (wanted, name) = (Normal.key(text) ?? "", Normal.key(pipeline) ?? "")
        let own = pipelines.filter { Normal.key($0.key) == name || Normal.key($0.name) == name }
        return (own.isEmpty ? pipelines : own).lazy.flatMap(\.stages).first {
            Normal.key($0.key) == wanted || Normal.key($0.name) == wanted
        }
    }

    /// Where a deal is opened that is closed by now: the first open stage of its pipeline.
    func opening(_ stage: String, in pipeline: String = "") -> Stage? {
        holder(of: stage, in: pipeline)?.stages.first { $0.kind == "open" }
    }

    /// The pipeline that is named; else the one that has the stage, else the first.
    func holder(of stage: String, in pipeline: String = "") -> Pipeline? {
        let (wanted, name) = (Normal.key(stage) ?? "", Normal.key(pipeline) ?? "")
        let own = pipelines.first { Normal.key($0.key) == name || Normal.key($0.name) == name }
        let holder = pipelines.first {
            $0.stages.contains { Normal.key($0.key) == wanted || Normal.key($0.name) == wanted }
        }
        return own ?? holder ?? pipelines.first
    }

    /// The first stage of a kind.
    func ending(_ kind: String, in pipeline: String = "") -> Stage? {
        let name = Normal.key(pipeline) ?? ""
        let own = pipelines.first { Normal.key($0.key) == name || Normal.key($0.name) == name }
        return (own ?? pipelines.first)?.stages.first { $0.kind == kind }
    }

    /// As a request to open an import takes them.
    var json: JSON {
        .array(
            pipelines.map { pipeline in
                [
                    "key": .string(pipeline.key), "name": .string(pipeline.name),
                    "stages": .array(
                        pipeline.stages.map { stage in
                            var members: [String: JSON] = [
                                "key": .string(stage.key), "name": .string(stage.name), "kind": .string(stage.kind),
                            ]
                            members["probability"] = stage.probability.map { .integer($0) }
                            return .object(members)
                        }),
                ]
            })
    }

    // MARK: What do tables of pipelines and stages say?

    /// The column that says which pipeline a row of theirs is about.
    static func key(pipelines survey: Survey) -> Int? { survey.column("pipeline_id", "id") }
    /// The column that says which stage a row of theirs is about.
    static func key(stages survey: Survey) -> Int? { survey.column("stage_id", "api_name", "id") }

    /// Adds the pipelines of a table.
    mutating func add(pipelines survey: Survey) throws(CSV.Unreadable) {
        let (id, label) = (Self.key(pipelines: survey), survey.column("label", "name"))
        try survey.each { _, fields in
            let key = Survey.cell(fields, id)
            guard !key.isEmpty else { return }
            let name = Survey.cell(fields, label)
            place(key, name.isEmpty ? key : name)
        }
    }

    /// Adds the stages of a table.
    /// - Parameter usual: the pipeline of those that name none.
    mutating func add(stages survey: Survey, usual: String) throws(CSV.Unreadable) {
        let id = Self.key(stages: survey)
        let (label, pipeline) = (survey.column("label", "master_label"), survey.column("pipeline_id", "pipeline"))
        let (won, closed) = (survey.column("closed_won", "is_won"), survey.column("is_closed"))
        let chance = survey.column("probability", "default_probability")
        let order = survey.column("display_order", "sort_order")
        try survey.each { _, fields in
            let key = Survey.cell(fields, id)
            guard !key.isEmpty else { return }
            let (name, at) = (Survey.cell(fields, label), Survey.cell(fields, order))
            let given = Survey.cell(fields, pipeline)
            let kind = Self.kind(Survey.cell(fields, won), Survey.cell(fields, closed), key)
            add(
                Stage(
                    key: key, name: name.isEmpty ? key : name, kind: kind,
                    probability: Self.percent(Survey.cell(fields, chance), ofOne: won != nil && label != nil),
                    order: Int(at) ?? .max), to: given.isEmpty ? usual : given)
        }
    }

    /// Adds the stages that deals name and no table described.
    /// - Parameter areOpen: whether deals say apart from their stage that they were won or lost.
    mutating func add(
        named survey: Survey, stage: Int?, pipeline: Int?, usual: String, areOpen: Bool
    ) throws(CSV.Unreadable) {
        if areOpen { place(usual, usual) }
        let (won, closed) = (survey.column("is_won"), survey.column("is_closed"))
        let chance = survey.column("probability")
        try survey.each { _, fields in
            let (name, given) = (Survey.cell(fields, stage), Survey.cell(fields, pipeline))
            guard !name.isEmpty, self.stage(name, in: given) == nil else { return }
            let kind = areOpen ? "open" : Self.kind(Survey.cell(fields, won), Survey.cell(fields, closed), name)
            add(
                Stage(
                    key: name, name: name, kind: kind,
                    probability: kind == "open" ? Self.percent(Survey.cell(fields, chance), ofOne: false) : nil,
                    order: Self.usualOrder.firstIndex(of: Normal.key(name) ?? "") ?? .max),
                to: given.isEmpty ? usual : given)
        }
    }

    /// Adds the stages through which deals came and in which none stands now.
    mutating func add(passed names: [String], usual: String) {
        for name in names where stage(name) == nil {
            let order = Self.usualOrder.firstIndex(of: Normal.key(name) ?? "") ?? .max
            add(Stage(key: name, name: name, kind: Self.kind("", "", name), order: order), to: usual)
        }
    }

    /// Brings stages in order, gives each a name of its own, and each pipeline a stage of each kind.
    mutating func settle() {
        for index in pipelines.indices {
            var stages = pipelines[index].stages.enumerated().sorted {
                ($0.element.rank, $0.element.order, $0.offset) < ($1.element.rank, $1.element.order, $1.offset)
            }.map(\.element)
            for (kind, name) in [("open", "Open"), ("won", "Closed Won"), ("lost", "Closed Lost")]
            where !stages.contains(where: { $0.kind == kind }) {
                let stage = Stage(key: name, name: name, kind: kind)
                stages.insert(stage, at: kind == "open" ? 0 : stages.count)
            }
            var names: Set<String> = []
            for place in stages.indices {
                stages[place].name = String(stages[place].name.prefix(Self.longest))
                if !names.insert(Normal.key(stages[place].name) ?? "").inserted {
                    stages[place].name = String("\(stages[place].name) (\(stages[place].key))".prefix(Self.longest))
                }
            }
            pipelines[index].stages = stages
        }
    }
    private static let longest = 100

    private mutating func place(_ key: String, _ name: String) {
        guard !pipelines.contains(where: { Normal.key($0.key) == Normal.key(key) }) else { return }
        pipelines.append(Pipeline(key: key, name: name))
    }

    private mutating func add(_ stage: Stage, to pipeline: String) {
        place(pipeline, pipeline)
        guard let index = pipelines.firstIndex(where: { Normal.key($0.key) == Normal.key(pipeline) }) else { return }
        let isThere = pipelines[index].stages.contains { Normal.key($0.key) == Normal.key(stage.key) }
        if !isThere { pipelines[index].stages.append(stage) }
    }

    /// What a stage means: as flags say, else as its name does.
    static func kind(_ won: String, _ closed: String, _ name: String) -> String {
        if isTrue(won) { return "won" }
        if isTrue(closed) { return "lost" }
        guard won.isEmpty, closed.isEmpty else { return "open" }
        let words = name.lowercased().filter { $0.isLetter || $0.isNumber }
        if ["closedwon", "won", "awarded"].contains(words) { return "won" }
        return ["closedlost", "lost"].contains(words) ? "lost" : "open"
    }
    static func isTrue(_ text: String) -> Bool { ["true", "1", "yes", "t", "y"].contains(text.lowercased()) }

    private static func percent(_ text: String, ofOne: Bool) -> Int64? {
        guard let number = Double(text), number >= 0 else { return nil }
        let percent = (ofOne && number <= 1 ? number * 100 : number).rounded()
        return percent <= 100 ? Int64(percent) : nil
    }

    /// The stages of a new Salesforce, in its order.
    private static let usualOrder = [
        "prospecting", "qualification", "needs analysis", "value proposition", "id. decision makers",
        "perception analysis", "proposal/price quote", "negotiation/review",
    ]
}

extension ForeignPipelines.Stage {
    fileprivate var rank: Int { kind == "open" ? 0 : kind == "won" ? 1 : 2 }
}
