public import FoundationEssentials
public import Kernel

// MARK: How does a record become again what it was?

extension Lasting {
    /// What is asked of a record, in this order, so that it is again as it was.
    ///
    /// These are its own acts: what is put away is taken out, what ended is opened again, an edit gives the fields
    /// back, tags go and come, and what was put away is put away again. A field that no edit takes is given back by
    /// the act that takes it alone. What none of them can say is left out: whoever asks compares what came of it.
    public static func wayBack(of id: UUID, from now: State, to before: State) -> [Step] {
        guard let old = record(before), let new = record(now) else { return [] }
        var steps: [Step] = []
        func ask(_ act: String, _ body: [String: JSON] = [:]) {
            steps.append(Step(Self.self, id, act, body, from: ""))
        }
        if now.isArchived, !before.isArchived { ask("restore") }
        let turn = turn(from: now, to: before)
        if let turn { ask(turn.act, turn.body) }
        let edit = acts.first { $0.form == .edits }
        let patch = (edit?.takes ?? []).reduce(into: [String: JSON]()) { patch, field in
            let isGiven = old[field.name] == new[field.name] || turn?.settles.contains(field.name) == true
            if !isGiven { patch[field.name] = field.back(old[field.name], new[field.name]) }
        }
        if let edit, !patch.isEmpty { ask(edit.name, patch) }
        let others = Set(old.values.keys).union(new.values.keys).subtracting(edit?.takes.map(\.name) ?? [])
        for name in others.sorted() where old[name] != new[name] && !aside.contains(where: { $0.name == name }) {
            if turn?.settles.contains(name) == true { continue }
            guard let (act, member) = setting(name), old[name] != nil || !member.isRequired else { continue }
            ask(act, old[name].map { [member.name: $0] } ?? [:])
        }
        if aside.contains(.tags) {
            let (had, has) = (Set((old["tags"]?.object ?? [:]).keys), Set((new["tags"]?.object ?? [:]).keys))
            func list(_ tags: Set<String>) -> [String: JSON] { ["tags": .array(tags.sorted().map(JSON.string))] }
            if !has.subtracting(had).isEmpty { ask("untag", list(has.subtracting(had))) }
            if !had.subtracting(has).isEmpty { ask("tag", list(had.subtracting(has))) }
        }
        if before.isArchived, !now.isArchived, let act = acts.first(where: { $0.form == .archives }) { ask(act.name) }
        return steps
    }

    /// Whether records have ended, their fields say.
    public static func turn(from now: State, to before: State) -> Turn? { nil }

    /// Whether two states of a record are the same. A map without members is as none: an edit takes the last one out,
    /// and leaves none.
    public static func isSame(_ one: any Sendable, _ other: any Sendable) -> Bool {
        guard let one = one as? State, let other = other as? State else { return false }
        return dense(one) == dense(other)
    }
    private static func dense(_ state: State) -> State {
        var dense = state
        dense.change { content in
            guard var holder = content as? any RecordHolder else { return }
            holder.record = Record(holder.record.values.filter { $0.value.object?.isEmpty != true })
            if let same = holder as? Content { content = same }
        }
        return dense
    }

    /// The act that sets this one member of the record, and nothing else.
    private static func setting(_ name: String) -> (act: String, member: Field)? {
        acts.lazy.filter { $0.form == .verb && $0.takes.count == 1 }
            .compactMap { act in act.takes.first.map { (act: act.name, member: $0) } }
            .first { $0.member.name == name || $0.member.aliases.contains(name) }
    }
}

/// How a record that ended is as if it had not, or one that goes on as if it had ended.
public struct Turn: Sendable {
    /// The act.
    let act: String
    /// Its body.
    let body: [String: JSON]
    /// The fields that the act gives back.
    let settles: Set<String>
}

extension Deal {
    /// A deal that was won or lost is open again, where it stood, or the other way round.
    public static func turn(from now: State, to before: State) -> Turn? {
        guard let now = now.content, let before = before.content else { return nil }
        func turn(_ act: String, giving names: Set<String>, settling others: Set<String> = []) -> Turn {
            let given = before.fields.values.filter { names.contains($0.key) }
            return Turn(act: act, body: given, settles: others.union(given.keys))
        }
        switch (now.outcome, before.outcome) {
        case (.won, .open), (.lost, .open):
            return turn("reopen", giving: ["stage_id"], settling: ["actual_close", "lost_reason", "lost_to"])
        case (.open, .won): return turn("win", giving: ["stage_id", "actual_close", "amount"])
        case (.open, .lost):
            return turn("lose", giving: ["stage_id", "actual_close", "lost_reason", "lost_to"])
        case (.open, .open), (.won, .won), (.lost, .lost), (.won, .lost), (.lost, .won): return nil
        }
    }
}

extension Lead {
    /// A lead that was qualified or turned away is looked at anew, or the other way round. One that was converted stays
    /// what it became.
    public static func turn(from now: State, to before: State) -> Turn? {
        guard let now = now.content, let before = before.content, now.standing != before.standing else { return nil }
        let reason = "disqualified_reason"
        switch before.standing {
        case "open": return Turn(act: "reopen", body: [:], settles: [reason])
        case "qualified": return Turn(act: "qualify", body: [:], settles: [reason])
        case "disqualified":
            return before[reason].map { Turn(act: "disqualify", body: [reason: $0], settles: [reason]) }
        case _: return nil
        }
    }
}

extension Campaign {
    /// A campaign that was paused goes on, or the other way round. What began or is over stays so.
    public static func turn(from now: State, to before: State) -> Turn? {
        guard let now = now.content, let before = before.content else { return nil }
        switch (now.status, before.status) {
        case (.paused, .active): return Turn(act: "resume", body: [:], settles: [])
        case (.active, .paused): return Turn(act: "pause", body: [:], settles: [])
        case (.planning, _), (.active, _), (.paused, _), (.completed, _), (.cancelled, _): return nil
        }
    }
}

extension Life {
    /// Whether it is put away.
    fileprivate var isArchived: Bool {
        switch self {
        case .absent, .active, .merged: false
        case .archived: true
        }
    }
}

extension Field {
    /// The value of an edit by which the field has its old value again: of a map what differs, one by one.
    fileprivate func back(_ old: JSON?, _ new: JSON?) -> JSON {
        guard isMap else { return old ?? .null }
        let (was, has) = (old?.object ?? [:], new?.object ?? [:])
        let differing = Set(was.keys).union(has.keys).filter { was[$0] != has[$0] }
        return .object(
            differing.reduce(into: [:]) { patch, key in
                patch[key] = was[key].map(entry) ?? .null
            })
    }

    /// What a body may say of an entry: what decisions add to it is left out.
    private func entry(_ value: JSON) -> JSON {
        guard case .entries(let fields, _, _) = kind, let members = value.object else { return value }
        return .object(members.filter { member in fields.contains { $0.name == member.key } })
    }
}
