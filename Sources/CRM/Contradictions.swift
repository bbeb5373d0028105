import FoundationEssentials
public import Kernel

// What no decision lets come about, entity by entity. The fuzzer asks for it after every event; that values keep to
// their fields' kinds it asks of all alike.

extension Account {
    /// An account never stands under itself.
    public static func contradictions(_ state: State, known: Context) -> [String] {
        var above: [UUID] = []
        var next = state.content?.id("parent_id")
        while let id = next, !above.contains(id) {
            above.append(id)
            next = known.state(Account.self, id).content?.id("parent_id")
        }
        return above.contains(known.id) ? ["it stands under itself"] : []
    }
}

extension Contact {
    /// Of her addresses exactly one comes first, and of the accounts with which she works still; those are told. Native
    /// is who is a user of the platform, and only of such a one the platform says anything.
    public static func contradictions(_ state: State, known: Context) -> [String] {
        guard let contact = state.content else { return [] }
        var found: [String] = []
        let (emails, accounts) = (Entries(contact["emails"]), Entries(contact["affiliations"]))
        if !emails.haveOneFirst { found.append("not exactly one address comes first") }
        if !accounts.haveOneFirst { found.append("not exactly one account comes first") }
        let address = emails.primary.flatMap { emails[$0]?["address"] }
        if contact["primary_email"] != address { found.append("another address is told than comes first") }
        if contact.text("primary_account_id") != accounts.primary {
            found.append("another account is told than comes first")
        }
        if contact["first_name"] == nil, contact["last_name"] == nil { found.append("she has no name") }
        let isUser = contact["platform_user_id"] != nil
        if (contact["mode"] == "native") != isUser { found.append("her mode is not that of who she is") }
        if !isUser, contact["platform_profile"] != nil { found.append("she has a profile and is no user") }
        return found
    }
}

extension Attachment {
    /// What was removed is never in use again.
    public static func contradictions(_ state: State, known: Context) -> [String] {
        switch state {
        case .absent, .archived, .merged: []
        case .active(let file): file["removed"] == true ? ["it was removed and is in use"] : []
        }
    }
}

extension Entries {
    /// Whether one is primary, and one only, wherever there is one that has not ended.
    fileprivate var haveOneFirst: Bool {
        let all = json.object ?? [:]
        let first = all.keys.filter { all[$0]?["primary"] == true }
        let isAnyLeft = all.keys.contains { !hasEnded($0) }
        return first.count == (isAnyLeft ? 1 : 0) && first.allSatisfy { !hasEnded($0) }
    }
}

extension Deal {
    /// A closed deal has the day on which it closed and lies in a stage of that kind; an open one has neither day nor
    /// reason. Lines add up to the amount.
    public static func contradictions(_ state: State, known: Context) -> [String] {
        guard let deal = state.content else { return [] }
        var found: [String] = []
        let fields = deal.fields
        switch deal.outcome {
        case .open:
            for name in ["actual_close", "lost_reason", "lost_to"] where fields[name] != nil {
                found.append("it is open and has \(name)")
            }
        case .won:
            if fields["actual_close"] == nil { found.append("it is won, and nobody knows when") }
        case .lost:
            if fields["actual_close"] == nil { found.append("it is lost, and nobody knows when") }
            if fields["lost_reason"] == nil { found.append("it is lost, and nobody knows why") }
        }
        let lines = DealLines(fields["lines"])
        let sum = (try? lines.sum()) ?? nil
        if !lines.all.isEmpty, sum == nil || sum != Money(fields["amount"]) {
            found.append("its lines do not add up to its amount")
        }
        if let pipeline = fields.id("pipeline_id"), let stage = fields.id("stage_id") {
            let stages = known.state(Pipeline.self, pipeline).content.map { Stages($0) }
            if stages?[stage]?.kind != deal.outcome { found.append("its stage is not of the kind of its outcome") }
        } else {
            found.append("it lies in no stage")
        }
        return found
    }
}

extension Pipeline {
    /// A stage of each kind is in use, names and places are their own, and deals of a retired stage went somewhere.
    public static func contradictions(_ state: State, known: Context) -> [String] {
        guard let pipeline = state.content else { return [] }
        let stages = Stages(pipeline)
        var found: [String] = []
        for kind in Stage.Kind.allCases where stages.first(kind) == nil { found.append("it has no \(kind) stage") }
        if Set(stages.all.map { Normal.key($0.name) }).count != stages.all.count { found.append("two have one name") }
        if Set(stages.all.map(\.position)).count != stages.all.count { found.append("two stand in one place") }
        for stage in stages.all where stages.isRetired(stage.id) {
            let target = stages[stages.current(stage.id)]
            if target?.kind != stage.kind || stages.isRetired(target?.id ?? stage.id) {
                found.append("the deals of a retired stage went nowhere")
            }
        }
        return found
    }
}

extension FieldSet {
    /// A key is in use or retired; a choice has words, and nothing else has.
    public static func contradictions(_ state: State, known: Context) -> [String] {
        var found: [String] = []
        if !Set(state.inUse.keys).isDisjoint(with: state.retired.keys) { found.append("a field is in use and retired") }
        if state.inUse.count > 200 { found.append("there are too many fields") }
        for (key, definition) in state.inUse {
            let isChoice = definition.type == .choice || definition.type == .choices
            if isChoice != !(definition.choices ?? []).isEmpty { found.append("\(key) has words it should not have") }
            if (definition.type == .reference) != (definition.entity != nil) { found.append("\(key) refers nowhere") }
        }
        return found
    }
}

extension Interaction {
    /// An event of a platform has a name, and nothing else has. What is to take place has a time; why it was called off
    /// is said only of what was, and when it happened only of what did.
    public static func contradictions(_ state: State, known: Context) -> [String] {
        guard let content = state.content else { return [] }
        var found: [String] = []
        let fields = content.fields
        if (fields["kind"] == "platform_event") != (fields["name"] != nil) { found.append("its name is misplaced") }
        if content.status == .scheduled, fields["scheduled_at"] == nil { found.append("nobody knows when it will be") }
        if content.status != .completed, fields["happened_at"] != nil { found.append("it happened, and did not") }
        if content.status != .cancelled, fields["cancel_reason"] != nil { found.append("it was not called off") }
        return found
    }
}

extension Campaign {
    /// What a campaign cost is the sum of its costs, all in one currency, which is the budget's. It does not end before
    /// it starts.
    public static func contradictions(_ state: State, known: Context) -> [String] {
        guard let campaign = state.content else { return [] }
        var found: [String] = []
        let sum = campaign.costs.values.reduce(0) { $0 + $1.minor }
        if sum != campaign.cost { found.append("its costs do not add up") }
        let amounts = Array(campaign.costs.values) + [Money(campaign.record["budget"])].compactMap(\.self)
        if Set(amounts.map(\.currency)).count > 1 { found.append("it is counted in several currencies") }
        let days = (campaign.record.day("starts_on"), campaign.record.day("ends_on"))
        if let start = days.0, let end = days.1, end < start { found.append("it ends before it starts") }
        return found
    }
}

extension Project {
    /// The minutes of a project are those of its entries; only a completed one has the day on which it was. It is not
    /// due before it starts.
    public static func contradictions(_ state: State, known: Context) -> [String] {
        guard let project = state.content else { return [] }
        var found: [String] = []
        let sum = project.hours.values.reduce(0) { $0 + $1.minutes }
        if sum != project.minutes { found.append("its hours do not add up") }
        if (project.status == .completed) != (project.completedOn != nil) { found.append("its last day is misplaced") }
        let days = (project.record.day("starts_on"), project.record.day("due_on"))
        if let start = days.0, let due = days.1, due < start { found.append("it is due before it starts") }
        return found
    }
}

extension WorkTask {
    /// A task is due on a day or at a moment.
    public static func contradictions(_ state: State, known: Context) -> [String] {
        guard let task = state.content else { return [] }
        return task["due_on"] != nil && task["due_at"] != nil ? ["it is due twice"] : []
    }
}

extension Lead {
    /// A converted lead became something; only one that was turned away has a reason for it.
    public static func contradictions(_ state: State, known: Context) -> [String] {
        guard let lead = state.content else { return [] }
        var found: [String] = []
        let became = ["account_id", "contact_id", "deal_id"].contains { lead[$0] != nil }
        if (lead["status"] == "converted") != became { found.append("what it became does not fit where it stands") }
        if (lead["status"] == "disqualified") != (lead["disqualified_reason"] != nil) {
            found.append("why it was turned away does not fit where it stands")
        }
        return found
    }
}
