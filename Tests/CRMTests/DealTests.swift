import CRM
import DomainTesting
import FoundationEssentials
import Kernel
import Testing

@Suite struct DealTests {
    static let pipeline = UUID.number(1), other = UUID.number(2)
    static let lead = UUID.number(11), offer = UUID.number(12), won = UUID.number(13), lost = UUID.number(14)
    static let march = Day("2017-03-01"), euros = Money(["minor": 105_400, "currency": "EUR"])

    static func pipeline(_ more: Pipeline.Event...) -> Other {
        Other(
            Pipeline.self, pipeline,
            [
                .created(
                    Record([
                        "name": "Sales",
                        "stages": .object([
                            lead.text: stage("Lead", "open", 1), offer.text: stage("Offer", "open", 2),
                            won.text: stage("Won", "won", 3), lost.text: stage("Lost", "lost", 4),
                        ]),
                    ]))
            ] + more)
    }
    static func stage(_ name: String, _ kind: String, _ position: Int64) -> JSON {
        ["name": .string(name), "kind": .string(kind), "position": .integer(position), "probability": 0]
    }
    static let organization = Other(
        Organization.self, Scene.organization,
        [.created(Record(["name": "Acme", "default_pipeline_id": .string(pipeline.text)]))])
    static let fields: [String: JSON] = [
        "title": "Pump", "amount": ["minor": 5000, "currency": "EUR"], "pipeline_id": .string(pipeline.text),
        "stage_id": .string(lead.text),
    ]
    let opened = Deal.Event.opened(Record(fields))
    let isWon = Deal.Event.won(from: lead, stage_id: won, actual_close: Scene.today, amount: nil)
    func deal(_ events: Deal.Event..., with others: [Other] = [pipeline()]) -> Given<Deal> {
        given(Deal.self, [opened] + events, with: others)
    }

    // MARK: Opening

    @Test func `a deal opens in the first open stage of the organization's pipeline`() throws {
        try given(Deal.self, with: [Self.pipeline(), Self.organization])
            .when("open", ["name": "Pump", "amount": ["minor": 5000, "currency": "eur"]])
            .then(opened)
    }
    @Test func `a deal opens where its body says`() throws {
        let body: [String: JSON] = [
            "title": "Pump", "pipeline_id": .string(Self.pipeline.text), "stage": .string(Self.offer.text),
        ]
        var fields = body
        fields["stage"] = nil
        fields["stage_id"] = .string(Self.offer.text)
        try given(Deal.self, with: [Self.pipeline()]).when("open", body).then(.opened(Record(fields)))
    }
    @Test func `a deal is opened once`() {
        deal().when(.create(Record(Self.fields))).thenRefused(.exists)
    }
    @Test func `a deal needs a pipeline that is in use, and one of its open stages`() {
        func open(_ fields: [String: JSON], with others: [Other]) -> When<Deal> {
            given(Deal.self, with: others).when(.create(Record(fields)))
        }
        open(["title": "Pump"], with: [Self.pipeline()]).thenRefused(.pipelineMissing)
        open(["title": "Pump", "pipeline_id": .string(Self.other.text)], with: []).thenRefused(.pipelineMissing)
        open(Self.fields, with: [Self.pipeline(.archived)]).thenRefused(.pipelineArchived)
        var fields = Self.fields
        fields["stage_id"] = .string(Self.won.text)
        open(fields, with: [Self.pipeline()]).thenRefused(.stageNotOpen)
        fields["stage_id"] = .string(Self.other.text)
        open(fields, with: [Self.pipeline()]).thenRefused(.stageUnknown)
    }

    // MARK: Moving

    @Test func `a deal moves to another open stage`() throws {
        deal().when(.move(to: Self.offer)).then(.moved(from: Self.lead, to: Self.offer))
        for name in ["stage_id", "stage", "to"] {
            try deal().when("move", [name: .string(Self.offer.text)]).then(.moved(from: Self.lead, to: Self.offer))
        }
    }
    @Test func `moving to the stage it is in changes nothing`() { deal().when(.move(to: Self.lead)).then() }
    @Test func `a deal does not move to an end, to an unknown stage, or when it has ended`() {
        deal().when(.move(to: Self.won)).thenRefused(.stageNotOpen)
        deal().when(.move(to: Self.other)).thenRefused(.stageUnknown)
        deal(isWon).when(.move(to: Self.offer)).thenRefused(.notOpen)
        deal(isWon).when(.move(to: Self.won)).thenRefused(.notOpen)
    }
    @Test func `a deal moves only as the pipeline allows, yet is won and lost from anywhere`() throws {
        let strict = [Self.pipeline(.transitionsChanged(transitions: Patch([Self.lead.text: []])))]
        deal(with: strict).when(.move(to: Self.offer)).thenRefused(.transitionNotAllowed)
        deal(with: strict).when(.edit(Patch(["stage_id": .string(Self.offer.text)]))).thenRefused(.transitionNotAllowed)
        try deal(with: strict).when("lose", ["reason": "price"]).then(
            .lost(from: Self.lead, stage_id: Self.lost, actual_close: Scene.today, lost_reason: "price"))
        let listed = [
            Self.pipeline(.transitionsChanged(transitions: Patch([Self.lead.text: [.string(Self.offer.text)]])))
        ]
        deal(with: listed).when(.move(to: Self.offer)).then(.moved(from: Self.lead, to: Self.offer))
    }

    // MARK: Retired stages

    static let demo = UUID.number(15)
    /// Lead was retired for Offer; with `twice`, Offer for Demo since.
    static func thinned(twice: Bool = false) -> Other {
        let more = Pipeline.Event.stagesChanged(stages: Patch([demo.text: stage("Demo", "open", 5)]))
        let retired = Pipeline.Event.stageRetired(retired: Patch([lead.text: .string(offer.text)]))
        let again = Pipeline.Event.stageRetired(retired: Patch([offer.text: .string(demo.text)]))
        // What the pipeline lets follow is nothing to a stage that is no more.
        let closed = Pipeline.Event.transitionsChanged(transitions: Patch([lead.text: [], demo.text: []]))
        return twice ? pipeline(more, closed, retired, again) : pipeline(more, closed, retired)
    }

    @Test func `no deal is opened in a retired stage, moved, reopened or closed into one`() throws {
        let thinned = [Self.thinned(), Self.organization]
        given(Deal.self, with: thinned).when(.create(Record(Self.fields))).thenRefused(.stageRetired)
        var fields = Self.fields
        fields["stage_id"] = nil
        let opened = try given(Deal.self, with: thinned).when(.create(Record(fields))).thenState()
        #expect(Deal.record(opened)?.id("stage_id") == Self.offer)
        let elsewhere = deal(.moved(from: Self.lead, to: Self.demo), with: [Self.thinned()])
        elsewhere.when(.move(to: Self.lead)).thenRefused(.stageRetired)
        elsewhere.when(.edit(Patch(["stage_id": .string(Self.lead.text)]))).thenRefused(.stageRetired)
        deal(isWon, with: [Self.thinned()]).when(.reopen(stage: Self.lead)).thenRefused(.stageRetired)
        let won = Pipeline.Event.stageRetired(retired: Patch([Self.won.text: .string(Self.other.text)]))
        deal(with: [Self.pipeline(won)]).when(.win(stage: Self.won, actualClose: nil, amount: nil))
            .thenRefused(.stageRetired)
    }
    @Test func `a deal leaves its retired stage for the target, whatever the pipeline lets follow`() {
        deal(with: [Self.thinned()]).when(.move(to: Self.offer)).then(.moved(from: Self.lead, to: Self.offer))
        deal(with: [Self.thinned()]).when(.move(to: Self.demo)).thenRefused(.transitionNotAllowed)
        deal(with: [Self.thinned()]).when(.move(to: Self.lead)).then()
    }
    @Test func `who is sent to a stage that was retired since goes where that one's deals went`() {
        let twice = [Self.thinned(twice: true)]
        deal(with: twice).when(.move(to: Self.offer)).then(.moved(from: Self.lead, to: Self.demo))
        deal(.moved(from: Self.lead, to: Self.demo), with: twice).when(.move(to: Self.lead)).then()
        deal(isWon, with: twice).when(.reopen(stage: nil)).then(.reopened(from: Self.won, stage_id: Self.demo))
    }
    @Test func `an archived deal stays in its retired stage until it is restored, a closed one for good`() {
        deal(.archived, with: [Self.thinned()]).when(.move(to: Self.offer)).thenRefused(.archived)
        deal(.archived, with: [Self.thinned()]).when(.restore).then(.restored, .moved(from: Self.lead, to: Self.offer))
        deal(isWon, .archived, with: [Self.thinned()]).when(.restore).then(.restored)
    }

    // MARK: Winning and losing

    @Test func `a deal is won today, in the first won stage, at the amount it has`() throws {
        let amount = Money(Self.fields["amount"])
        try deal().when("win").then(
            .won(from: Self.lead, stage_id: Self.won, actual_close: Scene.today, amount: amount))
    }
    @Test func `a deal is won on another day and at another amount`() throws {
        let day = try #require(Day("2017-02-28"))
        let body: [String: JSON] = [
            "actual_close_date": "2017-02-28", "amount": ["minor": 105_400, "currency": "EUR"],
        ]
        let after = try deal().when("win", body).then(
            .won(from: Self.lead, stage_id: Self.won, actual_close: day, amount: Self.euros))
        #expect(Deal.record(after.state)?["amount"] == Self.euros?.json)
        #expect(Deal.record(after.state)?["actual_close"] == "2017-02-28")
    }
    @Test func `a deal is lost for a reason`() throws {
        try deal().when("lose", ["reason": "price", "stage": .string(Self.lost.text)]).then(
            .lost(from: Self.lead, stage_id: Self.lost, actual_close: Scene.today, lost_reason: "price"))
        #expect(throws: Flaw.self) { try deal().when("lose") }
    }
    @Test func `an end is of its kind`() {
        deal().when(.win(stage: Self.lost, actualClose: nil, amount: nil)).thenRefused(.stageNotWon)
        deal().when(.lose(reason: "x", stage: Self.won, actualClose: nil)).thenRefused(.stageNotLost)
        deal().when(.win(stage: Self.other, actualClose: nil, amount: nil)).thenRefused(.stageUnknown)
    }
    @Test func `a deal that has ended does not end otherwise`() {
        deal(isWon).when(.win(stage: nil, actualClose: nil, amount: nil)).then()
        deal(isWon).when(.win(stage: nil, actualClose: Day(number: 1), amount: nil)).thenRefused(.notOpen)
        deal(isWon).when(.win(stage: nil, actualClose: nil, amount: Self.euros)).thenRefused(.notOpen)
        deal(isWon).when(.lose(reason: "x", stage: nil, actualClose: nil)).thenRefused(.notOpen)
    }

    // MARK: How it ended

    @Test(arguments: ["actual_close", "lost_reason", "lost_to"])
    func `an open deal is not told how it ended`(member: String) throws {
        let value: [String: JSON] = [member: "2017-02-28"]
        try deal().when("edit", value).thenRefused(.endingMisplaced)
        try deal().when("edit", [member: .null]).then()
        try given(Deal.self, with: [Self.pipeline()]).when("open", Self.fields.merging(value) { $1 })
            .thenRefused(.endingMisplaced)
    }
    @Test func `when a deal ended is corrected and not cleared`() throws {
        try deal(isWon).when("edit", ["actual_close": .null]).then()
        try deal(isWon).when("edit", ["actual_close": "2017-02-28"])
            .then(.edited(set: Patch(["actual_close": "2017-02-28"])))
    }

    // MARK: Reopening

    @Test func `a reopened deal returns to the stage it left, without day and reason`() throws {
        let isLost = Deal.Event.lost(
            from: Self.offer, stage_id: Self.lost, actual_close: Scene.today, lost_reason: "price")
        let after = try deal(isLost).when("reopen").then(.reopened(from: Self.lost, stage_id: Self.offer))
        #expect(Deal.record(after.state)?["lost_reason"] == nil)
        #expect(Deal.record(after.state)?["actual_close"] == nil)
        after.when(.move(to: Self.lead)).then(.moved(from: Self.offer, to: Self.lead))
    }
    @Test func `a deal reopens in the open stage that is named`() {
        deal(isWon).when(.reopen(stage: Self.offer)).then(.reopened(from: Self.won, stage_id: Self.offer))
        deal(isWon).when(.reopen(stage: Self.lost)).thenRefused(.stageNotOpen)
    }
    @Test func `an open deal is not reopened`() {
        deal().when(.reopen(stage: nil)).then()
        deal().when(.reopen(stage: Self.offer)).thenRefused(.notClosed)
    }

    // MARK: Editing

    @Test func `an edit tells stage and owner by their own events, the rest by one`() {
        let owner = UUID.number(9)
        let patch = Patch([
            "stage_id": .string(Self.offer.text), "owner_id": .string(owner.text), "title": "Pumps", "source": .null,
        ])
        deal().when(.edit(patch)).then(
            .moved(from: Self.lead, to: Self.offer), .assigned(from: nil, owner_id: owner),
            .edited(set: Patch(["title": "Pumps"])))
    }
    @Test func `a closed deal's amount can be put right, its stage cannot`() {
        deal(isWon).when(.edit(Patch(["amount": .null]))).then(.edited(set: Patch(["amount": .null])))
        deal(isWon).when(.edit(Patch(["stage_id": .string(Self.lead.text)]))).thenRefused(.notOpen)
    }
    @Test func `a deal stays in its pipeline`() throws {
        deal().when(.edit(Patch(["pipeline_id": .string(Self.other.text)]))).thenRefused(.pipelineFixed)
        deal().when(.edit(Patch(["pipeline_id": .string(Self.pipeline.text)]))).then()
        #expect(throws: Flaw.self) { try deal().when("edit", ["pipeline_id": .null]) }
    }
    @Test func `a deal is given to a member, and taken back by an edit`() throws {
        let owner = UUID.number(9)
        let after = try deal().when("assign", ["owner_id": .string(owner.text)])
            .then(.assigned(from: nil, owner_id: owner))
        try after.when("edit", ["owner_id": .null]).then(.assigned(from: owner, owner_id: nil))
    }

    // MARK: Putting away

    @Test func `an archived deal changes only after it is restored`() {
        deal().when(.archive).then(.archived)
        deal(.archived).when(.archive).then()
        deal(.archived).when(.move(to: Self.offer)).thenRefused(.archived)
        deal(.archived).when(.edit(Patch(["title": "x"]))).thenRefused(.archived)
        deal(.archived).when(.restore).then(.restored)
        deal(isWon, .archived, .restored).when(.reopen(stage: nil)).then(.reopened(from: Self.won, stage_id: Self.lead))
    }
    @Test func `what is not there cannot be changed`() {
        let nothing = given(Deal.self, with: [Self.pipeline()])
        nothing.when(.move(to: Self.offer)).thenRefused(.absent)
        nothing.when(.archive).thenRefused(.absent)
        nothing.when(.restore).thenRefused(.absent)
        nothing.when(.win(stage: nil, actualClose: nil, amount: nil)).thenRefused(.absent)
    }
    @Test func `old events with members of another time are still read`() throws {
        let stored = Stored(
            type: "deal.lost", schema: 1,
            data: [
                "stage_id": .string(Self.lost.text), "actual_close": "2017-03-01", "mood": "sad",
            ])
        #expect(
            try stored.decode(Deal.Event.self)
                == .lost(from: nil, stage_id: Self.lost, actual_close: Scene.today, lost_reason: nil))
    }
}
