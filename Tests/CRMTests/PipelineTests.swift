import CRM
import DomainTesting
import FoundationEssentials
import Kernel
import Testing

@Suite struct PipelineTests {
    static let body: [String: JSON] = [
        "name": "Sales",
        "stages": [
            ["name": "Lead", "kind": "open"], ["name": "Offer", "kind": "open"],
            ["name": "Won", "kind": "won"], ["name": "Lost", "kind": "lost"],
        ],
    ]
    static let lead = UUID.number(11), offer = UUID.number(12), won = UUID.number(13), lost = UUID.number(14)
    static func stage(_ name: String, _ kind: String, _ position: Int64, _ probability: Int64) -> JSON {
        [
            "name": .string(name), "kind": .string(kind), "position": .integer(position),
            "probability": .integer(probability),
        ]
    }
    static func created(_ ids: UUID...) -> Pipeline.Event {
        let stages = [
            stage("Lead", "open", 1, 33), stage("Offer", "open", 2, 66), stage("Won", "won", 3, 100),
            stage("Lost", "lost", 4, 0),
        ]
        let byId = Dictionary(uniqueKeysWithValues: zip(ids.map(\.text), stages))
        return .created(Record(["name": "Sales", "stages": .object(byId)]))
    }
    let created = created(lead, offer, won, lost)
    var sales: Given<Pipeline> { given(Pipeline.self, created) }

    @Test func `stages get ids, positions and probabilities that rise`() throws {
        try given(Pipeline.self).when("create", Self.body)
            .then(Self.created(.number(1), .number(2), .number(3), .number(4)))
        sales.when(.create(Record(["name": "x"]))).thenRefused(.exists)
    }
    @Test func `a pipeline needs a stage of each kind, each with its own name and id`() throws {
        func create(_ stages: JSON) throws -> When<Pipeline> {
            try given(Pipeline.self).when("create", ["name": "Sales", "stages": stages])
        }
        let (open, won, lost): (JSON, JSON, JSON) = (
            ["name": "a", "kind": "open"], ["name": "b", "kind": "won"], ["name": "c", "kind": "lost"]
        )
        for stages in [[open, won], [open, lost], [won, lost], []] {
            try create(.array(stages)).thenRefused(.stageKindMissing)
        }
        try create([open, won, lost, ["name": "A", "kind": "open"]]).thenRefused(.stageNameTaken)
        let id = JSON.string(Self.lead.text)
        try create([
            ["name": "a", "kind": "open", "id": id], won, ["name": "c", "kind": "lost", "id": id],
        ]).thenRefused(.stageTwice)
        #expect(throws: Flaw.self) { try create([["name": "a", "kind": "maybe"]]) }
    }
    @Test func `transitions name stages that are there`() throws {
        let stages: JSON = [
            ["name": "a", "kind": "open", "id": .string(Self.lead.text)], ["name": "b", "kind": "won"],
            ["name": "c", "kind": "lost"],
        ]
        let transitions = JSON.object([Self.lead.text: [.string(Self.offer.text)]])
        try given(Pipeline.self)
            .when("create", ["name": "x", "stages": stages, "transitions": transitions]).thenRefused(.stageUnknown)
        try sales.when("allow", ["from": .string(UUID.number(99).text), "to": []]).thenRefused(.stageUnknown)
        try sales.when("allow", ["from": .string(Self.lead.text), "to": [.string(UUID.number(99).text)]])
            .thenRefused(.stageUnknown)
    }
    @Test func `a stage leads where it is said to, and anywhere once nothing is said again`() throws {
        let list: JSON = [.string(Self.offer.text)]
        let (from, change) = (JSON.string(Self.lead.text), Patch([Self.lead.text: list]))
        let after = try sales.when("allow", ["from": from, "to": list]).then(.transitionsChanged(transitions: change))
        #expect(Pipeline.record(after.state).map(Stages.init)?.leads(from: Self.lead, to: Self.won) == false)
        let free = Pipeline.Event.transitionsChanged(transitions: Patch([Self.lead.text: .null]))
        let freed = try after.when("allow", ["from": from]).then(free)
        #expect(Pipeline.record(freed.state).map(Stages.init)?.leads(from: Self.lead, to: Self.won) == true)
        try after.when("edit", ["transitions": .null, "name": "New"]).then(.edited(set: Patch(["name": "New"])), free)
    }
    @Test func `a new open stage stands after the last open one, half-way to winning`() throws {
        try sales.when("add_stage", ["name": "Deal desk", "kind": "open"]).then(
            .stagesChanged(
                stages: Patch([
                    UUID.number(1).text: Self.stage("Deal desk", "open", 3, 83),
                    Self.won.text: Self.stage("Won", "won", 4, 100), Self.lost.text: Self.stage("Lost", "lost", 5, 0),
                ])))
    }
    @Test func `a stage is added where it is said`() throws {
        let body: [String: JSON] = [
            "name": "Second", "kind": "open", "probability": 20, "after": .string(Self.lead.text),
        ]
        try sales.when("add_stage", body).then(
            .stagesChanged(
                stages: Patch([
                    UUID.number(1).text: Self.stage("Second", "open", 2, 20),
                    Self.offer.text: Self.stage("Offer", "open", 3, 66),
                    Self.won.text: Self.stage("Won", "won", 4, 100), Self.lost.text: Self.stage("Lost", "lost", 5, 0),
                ])))
        try sales.when("add_stage", ["name": "x", "kind": "lost", "after": .string(UUID.number(99).text)])
            .thenRefused(.stageUnknown)
    }
    @Test func `a stage of a name that is there is the same stage or another kind's`() throws {
        try sales.when("add_stage", ["name": "LEAD", "kind": "open"]).then()
        try sales.when("add_stage", ["name": "lead", "kind": "won"]).thenRefused(.stageNameTaken)
    }
    @Test func `a stage is renamed, its kind stays`() throws {
        let id = JSON.string(Self.offer.text)
        try sales.when("edit_stage", ["stage_id": id, "name": "Proposal", "probability": 70]).then(
            .stagesChanged(stages: Patch([Self.offer.text: Self.stage("Proposal", "open", 2, 70)])))
        try sales.when("edit_stage", ["stage_id": id, "name": "Offer"]).then()
        try sales.when("edit_stage", ["stage_id": id, "name": "won"]).thenRefused(.stageNameTaken)
        try sales.when("edit_stage", ["stage_id": .string(UUID.number(99).text)]).thenRefused(.stageUnknown)
        #expect(throws: Flaw.self) { try sales.when("edit_stage", ["stage_id": id, "kind": "won"]) }
    }
    @Test func `stages are put in an order that names each once`() {
        sales.when(.reorder([Self.offer, Self.lead, Self.won, Self.lost])).then(
            .stagesChanged(
                stages: Patch([
                    Self.offer.text: Self.stage("Offer", "open", 1, 66),
                    Self.lead.text: Self.stage("Lead", "open", 2, 33),
                ])))
        sales.when(.reorder([Self.lead, Self.offer, Self.won, Self.lost])).then()
        sales.when(.reorder([Self.lead, Self.offer, Self.won])).thenRefused(.orderIncomplete)
        sales.when(.reorder([Self.lead, Self.lead, Self.won, Self.lost])).thenRefused(.orderIncomplete)
    }
    @Test func `a stage is retired for another of its kind that is in use`() throws {
        func retire(_ stage: UUID, _ target: UUID, after given: Given<Pipeline>? = nil) throws -> When<Pipeline> {
            try (given ?? sales).when(
                "retire_stage", ["stage_id": .string(stage.text), "target_id": .string(target.text)])
        }
        let isRetired = Pipeline.Event.stageRetired(retired: Patch([Self.lead.text: .string(Self.offer.text)]))
        let after = try retire(Self.lead, Self.offer).then(isRetired)
        let stages = try #require(Pipeline.record(after.state).map(Stages.init))
        #expect(stages.isRetired(Self.lead) && stages[Self.lead]?.name == "Lead")
        #expect(stages.first(.open)?.id == Self.offer)
        #expect(stages.current(Self.lead) == Self.offer && stages.leads(from: Self.lead, to: Self.offer))
        try retire(Self.lead, Self.lead).thenRefused(.targetUnfit)
        try retire(Self.lead, Self.won).thenRefused(.targetUnfit)
        try retire(Self.lead, .number(99)).thenRefused(.stageUnknown)
        try retire(.number(99), Self.lead).thenRefused(.stageUnknown)
        try retire(Self.offer, Self.lead, after: after).thenRefused(.targetUnfit)
        try retire(Self.lead, Self.won, after: after).thenRefused(.stageRetired)
    }
    @Test func `the last stage of a kind cannot be retired, because nothing could take its deals`() throws {
        for (stage, others) in [(Self.won, [Self.lead, Self.lost]), (Self.lost, [Self.lead, Self.won])] {
            for other in others { sales.when(.retireStage(stage, target: other)).thenRefused(.targetUnfit) }
        }
    }
    @Test func `a retired stage keeps its name, may be renamed, and need not be put in order`() throws {
        let retired = sales.when(.retireStage(Self.lead, target: Self.offer)).then(
            .stageRetired(retired: Patch([Self.lead.text: .string(Self.offer.text)])))
        try retired.when("add_stage", ["name": "lead", "kind": "open"]).thenRefused(.stageNameTaken)
        try retired.when("edit_stage", ["stage_id": .string(Self.lead.text), "name": "Lead (2016)"]).then(
            .stagesChanged(stages: Patch([Self.lead.text: Self.stage("Lead (2016)", "open", 1, 33)])))
        retired.when(.reorder([Self.offer, Self.won, Self.lost])).then(
            .stagesChanged(
                stages: Patch([
                    Self.offer.text: Self.stage("Offer", "open", 1, 66),
                    Self.won.text: Self.stage("Won", "won", 2, 100), Self.lost.text: Self.stage("Lost", "lost", 3, 0),
                    Self.lead.text: Self.stage("Lead", "open", 4, 33),
                ])))
        retired.when(.reorder([Self.lead, Self.offer, Self.won, Self.lost])).then()
        retired.when(.reorder([Self.lead, Self.won, Self.lost])).thenRefused(.orderIncomplete)
    }
    @Test func `an archived pipeline changes only after it is restored`() {
        given(Pipeline.self, created, .archived).when(.edit(Patch(["name": "x"]))).thenRefused(.archived)
        given(Pipeline.self, created, .archived).when(.reorder([])).thenRefused(.archived)
        given(Pipeline.self, created, .archived).when(.restore).then(.restored)
        given(Pipeline.self).when(.archive).thenRefused(.absent)
    }

    // MARK: Templates

    @Test(arguments: PipelineTemplate.allCases)
    func `a template gives a pipeline its stages, open ones before won and lost`(template: PipelineTemplate) throws {
        let state = try given(Pipeline.self).when("create", ["name": "x", "template": .string(template.rawValue)])
            .thenState()
        let record = try #require(Pipeline.record(state))
        let stages = Stages(record)
        #expect(stages.all.map(\.name) == template.stages.map { $0["name"]?.string })
        #expect(stages.all.map(\.kind) == [.open, .open, .open, .open, .won, .lost])
        #expect(stages.all.map(\.probability) == [10, 25, 50, 75, 100, 0])
        #expect(record["template"] == nil)
    }
    @Test func `a pipeline has its own stages or a template's`() {
        #expect(throws: Flaw.self) { try given(Pipeline.self).when("create", ["name": "x"]) }
        #expect(throws: Flaw.self) {
            try given(Pipeline.self).when("create", Self.body.merging(["template": "ascendore"]) { $1 })
        }
    }

    // MARK: What is said of a stage

    @Test func `a stage is renamed, and says after how many days a deal in it is rotting`() throws {
        let body: [String: JSON] = [
            "stage_id": .string(Self.offer.text), "name": "Quote", "rotting_days": 14,
            "estimated_value": ["minor": 90_000, "currency": "EUR"],
        ]
        let stage: JSON = [
            "name": "Quote", "kind": "open", "position": 2, "probability": 66, "rotting_days": 14,
            "estimated_value": ["minor": 90_000, "currency": "EUR"],
        ]
        let after = try sales.when("edit_stage", body)
            .then(.stagesChanged(stages: Patch([Self.offer.text: stage])))
        let never = try after.when("edit_stage", ["stage_id": .string(Self.offer.text), "rotting_days": 0]).thenState()
        #expect(Pipeline.record(never).map(Stages.init)?[Self.offer]?.rottingDays == nil)
        let nothing: JSON = ["minor": 0, "currency": "EUR"]
        let silent = try after.when(
            "edit_stage", ["stage_id": .string(Self.offer.text), "estimated_value": nothing]
        ).thenState()
        #expect(Pipeline.record(silent).map(Stages.init)?[Self.offer]?.estimatedValue == nil)
    }

    // MARK: Sharing

    @Test func `a pipeline is shared with a member or a team until it is not`() throws {
        let ann = UUID.number(21), north = UUID.number(22)
        func holder(_ entity: String, _ id: UUID) -> [String: JSON] {
            ["with": ["entity": .string(entity), "id": .string(id.text)]]
        }
        let shared = try sales.when("share", holder("member", ann))
            .then(.shared(shared_with: Patch([ann.text: ["entity": "member"]])))
            .when("share", holder("team", north))
            .then(.shared(shared_with: Patch([north.text: ["entity": "team"]])))
        let alone = try shared.when("unshare", holder("member", ann))
            .then(.unshared(shared_with: Patch([ann.text: .null])))
        #expect(Pipeline.record(alone.state)?["shared_with"] == .object([north.text: ["entity": "team"]]))
        try alone.when("unshare", holder("member", ann)).then()
        #expect(throws: Flaw.self) { try sales.when("share", holder("deal", ann)) }
    }
}
