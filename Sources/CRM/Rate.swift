import FoundationEssentials
public import Kernel

/// What one unit of a currency was worth on a day, in the currency that was the organization's when the rate was
/// published. Amounts are converted at the last rate of their currency that is not after the day of a question.
public enum Rate: Lasting {
    /// `rate`.
    public static let name = "rate"
    /// `rates`.
    public static let plural = "rates"
    /// Owners shape the organization.
    public static let audience = Audience.owners

    // MARK: What is known of one?

    /// Currency and day never change: a rate of another day is another rate.
    public static let fields = [
        Field("currency", .currency).required().searchable(.a).known(as: [.salesforce: "iso_code"]),
        Field("day", .day).required().known(as: [.salesforce: "start_date"]),
        Field("base", .currency),
        rate.required().known(as: [.dynamics: "exchangeRate", .suitecrm: "conversion_rate"]),
    ]
    /// So many units of the base for one of the currency; at most 15 significant digits.
    private static let rate = Field("rate", .decimal(0.000_000_001...1_000_000_000))
    /// The fields are all that is remembered.
    public typealias Content = Record
    /// Absent, active or archived.
    public typealias State = Life<Content>

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable {
        case publish(Record)
        case correct(Patch)
        case archive, restore
    }
    /// How it is asked. `occurred_at` says since when a rate of the past was known.
    public static let acts: [Act<Command>] = [
        Act(
            "publish", .creates, "Publish what a currency is worth on a day",
            takes: fields.filter { $0.name != "base" } + [Field("occurred_at", .instant)]
        ) { .publish(Record($0.patch.without("occurred_at").values)) },
        Act("correct", .edits, "Correct a rate", takes: [rate.required()]) { .correct($0.patch) },
        Act("archive", .archives, "Take a rate back: what was before it counts again") { _ in .archive },
        Act("restore", .verb, "Let a rate count again") { _ in .restore },
    ]

    // MARK: What can have happened?

    /// What can have happened.
    public enum Event: Message {
        case published(Record)
        case corrected(set: Patch)
        case archived, restored
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case published = "rate.published@1"
            case corrected = "rate.corrected@1"
            case archived = "rate.archived@1"
            case restored = "rate.restored@1"
        }
    }

    // MARK: What is refused, and what to do then?

    /// Why not.
    public enum Rejection: String, LastingRefusal {
        case absent = "rate.not_found"
        case exists = "rate.already_exists"
        case archived = "rate.archived"
        case ofBase = "rate.of_base"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such rate."
            case .exists: "This rate is published already; correct it instead."
            case .archived: "This rate was taken back; restore it first."
            case .ofBase: "The organization counts in this currency: it is always worth 1."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .absent: .absent
            case .exists, .archived: .conflict
            case .ofBase: .invalid
            }
        }
    }

    // MARK: What happens, and what does it mean?

    /// The organization, for the currency that it counts in.
    public static func references(_ command: Command, _ state: State, known: Context) -> [Reference] {
        switch command {
        case .publish: [Reference(Organization.self, known.organization)]
        case .correct, .archive, .restore: []
        }
    }

    /// What happens.
    public static func decide(_ command: Command, given state: State, in context: Context) throws(Rejection) -> [Event]
    {
        switch command {
        case .publish(let record): return try begin(state, with: .published(try published(record, context)))
        case .correct(let patch):
            let change = patch.effective(on: try inUse(state), fields)
            return change.isEmpty ? [] : [.corrected(set: change)]
        case .archive: return try archive(state, with: .archived)
        case .restore: return try restore(state, with: .restored)
        }
    }
    private static func published(_ record: Record, _ context: Context) throws(Rejection) -> Record {
        let base = context.state(Organization.self, context.organization)?.text("currency")
        guard record.text("currency") != base else { throw .ofBase }
        var result = record
        result.set("base", base)
        return result
    }

    /// What it means.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .published(let record): state = .active(record)
        case .corrected(let change): state.change { $0.merge(change, fields) }
        case .archived: state.archive()
        case .restored: state.restore()
        }
    }

    // MARK: What is its alone?

    /// A currency has one rate a day.
    public static func claims(_ state: State) -> Set<Claim> {
        guard case .active(let rate) = state, let currency = rate.text("currency"), let day = rate.text("day") else {
            return []
        }
        return [Claim("rate.day", "\(currency) \(day)")]
    }
}
