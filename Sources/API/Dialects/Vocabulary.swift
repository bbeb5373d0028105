import Kernel

/// What a source calls the members of a record. What it has no name for keeps ours; a name of ours that it uses for
/// something else, or for which it has another, is none of its names.
struct Vocabulary: Sendable {
    let terms: [Term]

    init(_ terms: [Term]) { self.terms = terms }

    /// What a source's name stands for.
    func term(_ theirs: String) -> Term? { terms.first { $0.theirs == theirs || $0.companion == theirs } }
    /// Whether a name of ours is none of the source's.
    func hides(_ ours: String) -> Bool { terms.contains { $0.ours.first == ours || $0.shown.first == ours } }
}

/// One name: what it stands for, and in which form its value is.
struct Term: Sendable {
    /// The source's name.
    let theirs: String
    /// The place in a body: `title`, or `billing_address` and `city`.
    let ours: [String]
    /// The place in a document.
    let shown: [String]
    /// The parameter of a list; nil: it cannot be asked for.
    let filter: String?
    let form: Form

    /// How the source says a value.
    enum Form: Sendable {
        case same
        /// It has other words, by ours.
        case words([String: String])
        /// An amount is a number, and its currency a member beside it.
        case money(Unit, currency: String)
        /// A record is its kind and, beside it, its id, which lists know as `ids`; kinds have these words, by ours.
        case record(id: String, ids: String?, [String: String])
        /// A record is its id, where it is one of this entity. With `beside`, a member of ours that names one of these
        /// whatever it is about, it is that one elsewhere.
        case about(String, beside: String? = nil)
        /// A stage is its name, written so; naming one that closes a deal wins or loses it.
        case stage(Spelling)
        /// A status that is told by acts.
        case acts(from: String, [Change])
        /// It tells what kind of record this is.
        case always(String)
        /// The ids of contacts.
        case contacts
        /// A moment or a day before which a task is due.
        case dueBefore
        /// What happened: the name of an event without its record's kind, with these words, by ours.
        case event([String: String])
        /// It is only shown.
        case shown
    }
    enum Unit: Sendable { case minor, decimal }
    enum Spelling: Sendable {
        /// As people gave it: `Closed-Won`.
        case name
        /// `closed_won`.
        case snake
    }
    /// The act that brings a record to a status.
    struct Change: Sendable {
        let to: String
        /// From which; nil: from any.
        var from: String?
        let act: String
        /// The member of the act's body that names the status.
        var member: String?
    }

    init(
        _ theirs: String, _ ours: String..., shown: String? = nil, filter: String? = nil, as form: Form = .same
    ) {
        (self.theirs, self.ours, self.form) = (theirs, ours, form)
        self.shown = shown.map { [$0] } ?? ours
        self.filter = filter ?? (ours.count == 1 ? self.shown[0] : nil)
    }

    /// The member of a document that tells it.
    var document: String {
        switch form {
        case .about(_, let beside?): beside
        // What is always the same every document tells.
        case .always: "id"
        case .same, .words, .money, .record, .about, .stage, .acts, .contacts, .dueBefore, .event, .shown:
            shown.first ?? theirs
        }
    }

    /// Whether it is one more name for what keeps ours.
    var isBesides: Bool {
        switch form {
        case .always, .dueBefore: true
        case .same, .words, .money, .record, .about, .stage, .acts, .contacts, .event, .shown: false
        }
    }

    /// The second member that the source needs for one of ours.
    var companion: String? {
        switch form {
        case .money(_, let currency): currency
        case .record(let id, _, _): id
        case .same, .words, .about, .stage, .acts, .always, .contacts, .dueBefore, .event, .shown: nil
        }
    }

    /// Whether a body with these members, in our words, has a place for it.
    func fits(_ takes: [Field]) -> Bool {
        switch form {
        case .same, .words, .money, .record, .about, .stage, .contacts: takes.contains { $0.name == ours.first }
        case .acts, .always: !takes.isEmpty
        case .dueBefore, .event, .shown: false
        }
    }
}
