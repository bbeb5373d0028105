public import Kernel

/// Something sold, with the price it is listed at.
public enum Product: Taggable {
    /// `product`.
    public static let name = "product"
    /// `products`.
    public static let plural = "products"

    // MARK: What is known of one?

    /// Plain fields only; the code is its alone.
    public static let fields = [
        Field("name", .line).required().searchable(.a)
            .known(as: [.salesforce: "name", .dynamics: "name", .suitecrm: "name", .hubspot: "name"]),
        Field("code", .text(60)).searchable(.a)
            .known(as: [
                .salesforce: "product_code", .dynamics: "productNumber", .suitecrm: "part_number", .hubspot: "hs_sku",
            ]),
        Field("series", .text(100)).searchable(.b)
            .known(as: [.salesforce: "family", .suitecrm: "category"]),
        Field("price", .money).known(as: [.dynamics: "price", .suitecrm: "price", .hubspot: "price"]),
        .description,
        .custom,
    ]
    /// The fields are all that is remembered.
    public typealias Content = Record
    /// Absent, active or archived.
    public typealias State = Life<Content>

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable, TagCommand {
        case create(Record)
        case edit(Patch)
        case tag(Patch)
        case archive, restore
    }
    /// How it is asked.
    public static let acts: [Act<Command>] =
        [
            Act("create", .creates, "List a product", takes: fields) { .create($0.record) },
            Act("edit", .edits, "Change what is known of a product", takes: fields) { .edit($0.patch) },
            Act("archive", .archives, "Put a product away") { _ in .archive },
            Act("restore", .verb, "Take a product out again") { _ in .restore },
        ] + tagging

    // MARK: What can have happened?

    /// What can have happened.
    public enum Event: Message, TagEvent {
        case created(Record)
        case edited(set: Patch)
        case tagsChanged(tags: Patch)
        case archived, restored
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case created = "product.created@1"
            case edited = "product.edited@1"
            case tagsChanged = "product.tags_changed@1"
            case archived = "product.archived@1"
            case restored = "product.restored@1"
        }
    }

    // MARK: What is refused, and what to do then?

    /// Why not.
    public enum Rejection: String, LastingRefusal {
        case absent = "product.not_found"
        case exists = "product.already_exists"
        case archived = "product.archived"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such product."
            case .exists: "This product exists already; edit it instead."
            case .archived: "This product is archived; restore it first."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .absent: .absent
            case .exists, .archived: .conflict
            }
        }
    }

    // MARK: What happens, and what does it mean?

    /// What happens.
    public static func decide(_ command: Command, given state: State, in _: Context) throws(Rejection) -> [Event] {
        switch command {
        case .create(let record): return try begin(state, with: .created(record))
        case .edit(let patch):
            let change = patch.effective(on: try inUse(state), fields)
            return change.isEmpty ? [] : [.edited(set: change)]
        case .tag(let tags): return try retagged(state, by: tags)
        case .archive: return try archive(state, with: .archived)
        case .restore: return try restore(state, with: .restored)
        }
    }

    /// What it means.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .created(let record): state = .active(record)
        case .edited(let change): state.change { $0.merge(change, fields) }
        case .tagsChanged(let tags): state.retag(tags)
        case .archived: state.archive()
        case .restored: state.restore()
        }
    }

    // MARK: What is its alone?

    /// Its code while it is in use, without regard to case.
    public static func claims(_ state: State) -> Set<Claim> {
        guard case .active(let product) = state, let code = product.text("code").flatMap(Normal.key) else { return [] }
        return [Claim("product.code", code)]
    }
}
