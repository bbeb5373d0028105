import CRM
import DomainTesting
import FoundationEssentials
import Kernel
import Testing

@Suite struct CampaignTests {
    static let planned = Campaign.Event.planned(Record(["name": "Spring", "kind": "email"]))
    static let spring = UUID.number(51), ann = UUID.number(52)
    static let euro = Money(minor: 12_000, currency: Currency("EUR")!)
    static let dollar = Money(minor: 5_000, currency: Currency("USD")!)

    // MARK: Its course

    @Test func `a campaign is planned under the names that others use`() throws {
        let body: [String: JSON] = [
            "name": "Spring", "campaign_type": "Email", "start_date": "2017-03-01",
            "target_audience": ["entity": "contact", "filter": "tag=VIP"], "goals": ["clicked": 50],
        ]
        try given(Campaign.self).when("plan", body)
            .then(
                .planned(
                    Record([
                        "name": "Spring", "kind": "email", "starts_on": "2017-03-01",
                        "audience": ["entity": "contact", "filter": "tag=VIP"], "goals": ["clicked": 50],
                    ])))
        let backwards: [String: JSON] = [
            "name": "X", "kind": "other", "starts_on": "2017-03-02", "ends_on": "2017-03-01",
        ]
        try given(Campaign.self).when("plan", backwards).thenRefused(.endsBeforeStart)
    }
    @Test func `it starts, rests, goes on and ends`() {
        given(Campaign.self, Self.planned).when(.start).then(.started).when(.pause).then(.paused)
            .when(.resume).then(.resumed).when(.complete).then(.completed).when(.start).thenRefused(.over)
    }
    @Test(arguments: [
        Campaign.Command.start, .pause, .resume, .complete, .cancel(reason: "No budget"),
    ])
    func `what is over stays over`(command: Campaign.Command) {
        for end in [Campaign.Event.completed, .cancelled(cancel_reason: nil)] {
            let over = given(Campaign.self, Self.planned, .started, end)
            let after = try? over.when(command).thenState()
            #expect(after == nil || after == over.state)
        }
    }
    @Test func `what was called off is not called off for another reason`() {
        let off = given(Campaign.self, Self.planned).when(.cancel(reason: "No budget"))
            .then(.cancelled(cancel_reason: "No budget"))
        off.when(.cancel(reason: nil)).then()
        off.when(.cancel(reason: "No time")).thenRefused(.over)
    }
    @Test func `a campaign that only is planned is neither paused nor completed`() {
        given(Campaign.self, Self.planned).when(.pause).thenRefused(.notActive)
        given(Campaign.self, Self.planned).when(.complete).thenRefused(.notActive)
        given(Campaign.self, Self.planned, .started).when(.resume).then()
        given(Campaign.self, Self.planned).when(.resume).thenRefused(.notPaused)
        given(Campaign.self, Self.planned, .started, .paused).when(.start).thenRefused(.notPlanned)
    }

    // MARK: What it costs

    @Test func `costs add up in one currency, also when it is over, and can be taken back`() {
        let spent = given(Campaign.self, Self.planned, .started, .completed)
            .when(.recordCost(Self.euro, day: nil, description: "Leaflets"))
            .then(
                .costRecorded(cost_id: .number(1), amount: Self.euro, day: Scene.today, description: "Leaflets"),
                recurs: true)
        #expect(Campaign.record(spent.state)?["cost"] == Self.euro.json)
        spent.when(.recordCost(Self.dollar, day: nil, description: nil)).thenRefused(.currencyDiffers)
        spent.when(.edit(Patch(["budget": Self.dollar.json]))).thenRefused(.currencyDiffers)
        let back = spent.when(.removeCost(.number(1))).then(.costRemoved(cost_id: .number(1), amount: Self.euro))
        back.when(.removeCost(.number(1))).thenRefused(.costUnknown)
        #expect(Campaign.record(back.state)?["cost"] == nil)
    }
    @Test func `costs stay within what can be told exactly`() throws {
        let much = Money(minor: 9_007_199_254_740_991, currency: try #require(Currency("EUR")))
        given(
            Campaign.self, Self.planned,
            .costRecorded(cost_id: .number(1), amount: much, day: Scene.today, description: nil)
        )
        .when(.recordCost(Self.euro, day: nil, description: nil)).thenRefused(.costsFull)
    }

    // MARK: Who takes part

    private func member(_ history: CampaignMember.Event..., campaign: [Campaign.Event]) -> Given<CampaignMember> {
        given(
            CampaignMember.self, history, id: CampaignMember.id(of: Self.spring, Self.ann),
            with: [Other(Campaign.self, Self.spring, campaign)])
    }
    private static let body: [String: JSON] = [
        "campaign_id": .string(spring.text), "person": ["entity": "contact", "id": .string(ann.text)],
    ]

    @Test func `a person is enrolled once, under an id that follows from both`() throws {
        let enrolled = CampaignMember.Event.enrolled(Record(Self.body))
        try member(campaign: [Self.planned]).when("enroll", Self.body).then(enrolled)
        try member(enrolled, campaign: [Self.planned]).when("enroll", Self.body).then()
        try member(enrolled, .removed, campaign: [Self.planned]).when("enroll", Self.body).then(.restored)
        try given(CampaignMember.self).when("enroll", Self.body).thenRefused(.misplaced)
        #expect(CampaignMember.id(for: .object(Self.body)) == CampaignMember.id(of: Self.spring, Self.ann))
        #expect(CampaignMember.id(of: Self.spring, Self.ann) != CampaignMember.id(of: Self.ann, Self.spring))
    }
    @Test func `a lead is enrolled like a contact, and nobody else is`() throws {
        func body(_ entity: String) -> [String: JSON] {
            Self.body.merging(["person": ["entity": .string(entity), "id": .string(Self.ann.text)]]) { $1 }
        }
        try member(campaign: [Self.planned]).when("enroll", body("lead")).then(.enrolled(Record(body("lead"))))
        #expect(throws: Flaw.self) { try member(campaign: [Self.planned]).when("enroll", body("member")) }
    }
    @Test func `nobody comes into a campaign that is over or put away`() throws {
        try member(campaign: [Self.planned, .started, .completed]).when("enroll", Self.body).thenRefused(.campaignOver)
        try member(campaign: [Self.planned, .archived]).when("enroll", Self.body).thenRefused(.campaignArchived)
    }
    @Test func `what became of it may be told in any order, and the furthest counts`() throws {
        let early = Instant(microseconds: Scene.now.microseconds - 3_600_000_000)
        let opened = CampaignMember.Event.recorded(step: "opened", at: Scene.now, status: "opened")
        let known = member(.enrolled(Record(Self.body)), opened, campaign: [])
        try known.when("record", ["status": "Sent", "at": .string(early.text)])
            .then(.recorded(step: "sent", at: early, status: "opened"))
        try known.when("record", ["step": "clicked"]).then(.recorded(step: "clicked", at: Scene.now, status: "clicked"))
        try known.when("record", ["step": "opened"]).then()
        try known.when("record", ["step": "clicked", "at": "2999-01-01T00:00:00Z"]).thenRefused(.inFuture)
    }
}
