public import FoundationEssentials
public import Kernel

/// An opportunity to sell. It moves through the open stages of its pipeline and ends won or lost.
public enum Deal: Taggable {
    /// `deal`.
    public static let name = "deal"
    /// `deals`.
    public static let plural = "deals"

    // MARK: What is known of one?

    /// Stage, owner and lines are told by events of their own; the pipeline never changes.
    public static let fields = plain + [Field("lines", .entries(of: line + [total], keys: .id, by: "product_id"))]
    /// What a body gives: what a line comes to is computed.
    private static let given = plain + [Field("lines", .entries(of: line, keys: .id, by: "product_id"))]
    private static let line = [Field("product_id", .reference("product")).required()] + lineFacts
    private static let lineFacts = [
        // At most three decimals.
        Field("quantity", .decimal(0.001...1_000_000)), Field("unit_price", .money),
        // At most two decimals.
        Field("discount_percent", .decimal(0...100)),
    ]
    private static let total = Field("amount", .money)
    private static let plain = [
        Field("title", .line).required().alias("name").personal().searchable(.a)
            .known(as: [.salesforce: "name", .dynamics: "name", .suitecrm: "name", .hubspot: "dealname"]),
        Field("amount", .money)
            .known(as: [
                .salesforce: "amount", .dynamics: "estimatedValue", .suitecrm: "amount", .hubspot: "amount",
            ]),
        Field("pipeline_id", .reference("pipeline")).known(as: [.dynamics: "processId", .hubspot: "pipeline"]),
        Field("stage_id", .id).alias("stage")
            .known(as: [
                .salesforce: "stage_name", .dynamics: "stageId", .suitecrm: "sales_stage", .hubspot: "dealstage",
            ]),
        Field("account_id", .reference("account"))
            .known(as: [.salesforce: "account_id", .dynamics: "accountId", .suitecrm: "account_id"]),
        Field("primary_contact_id", .reference("contact")).alias("contact_id").known(as: [.dynamics: "contactId"]),
        Field("product_id", .reference("product")),
        .owner.known(as: [
            .salesforce: "owner_id", .dynamics: "ownerId", .suitecrm: "assigned_user_id", .hubspot: "hubspot_owner_id",
        ]),
        Field("probability", .integer(0...100))
            .known(as: [
                .salesforce: "probability", .dynamics: "closeProbability", .suitecrm: "probability",
                .hubspot: "hs_deal_stage_probability",
            ]),
        Field("expected_close", .day).alias("expected_close_date")
            .known(as: [
                .salesforce: "close_date", .dynamics: "estimatedCloseDate", .suitecrm: "date_closed",
                .hubspot: "closedate",
            ]),
        Field("actual_close", .day).alias("actual_close_date").known(as: [.dynamics: "actualCloseDate"]),
        // To which campaign it is attributed.
        Field("campaign_id", .reference("campaign")).known(as: [.salesforce: "campaign_id", .suitecrm: "campaign_id"]),
        Field("source", .text(100)).searchable(.c).known(as: [.salesforce: "lead_source", .suitecrm: "lead_source"]),
        Field("lost_reason", .text(500)).personal().searchable(.d).known(as: [.hubspot: "closed_lost_reason"]),
        Field("lost_to", .text(100)).searchable(.d),
        // With whom else the customer speaks.
        Field("competitors", .list(of: .text(100), 20)),
        // What a forecast counts it as; where nothing is said, its chances tell.
        Field("forecast", .choice(["committed", "best_case", "pipeline", "omitted"])).alias("forecast_category")
            .known(as: [.salesforce: "forecast_category_name", .hubspot: "hs_manual_forecast_category"]),
        Field("next_step", .text(500)).personal().searchable(.d)
            .known(as: [.salesforce: "next_step", .suitecrm: "next_step", .hubspot: "hs_next_step"]),
        .description.known(as: [
            .salesforce: "description", .dynamics: "description", .suitecrm: "description", .hubspot: "description",
        ]),
        .custom,
    ]

    /// What is remembered: the fields, and how it ended.
    public struct Content: Sendable, Equatable, RecordHolder {
        /// The fields, stage and pipeline among them.
        public var fields: Record
        /// Where it stands.
        public var outcome = Stage.Kind.open
        /// The fields, and the tags.
        public var record: Record {
            get { fields }
            set { fields = newValue }
        }
        /// The open stage it was closed from, to which it returns when reopened.
        var left: UUID?
    }
    /// Absent, active or archived.
    public typealias State = Life<Content>
    /// The plain fields.
    public static func record(_ state: State) -> Record? { state.content?.fields }

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable, TagCommand {
        case create(Record)
        case edit(Patch)
        case move(to: UUID)
        case win(stage: UUID?, actualClose: Day?, amount: Money?)
        case lose(reason: String, to: String? = nil, stage: UUID?, actualClose: Day?)
        case reopen(stage: UUID?)
        case addLine(Patch)
        case changeLine(UUID, Patch)
        case removeLine(UUID)
        case tag(Patch)
        case archive, restore
    }
    /// How it is asked.
    public static let acts: [Act<Command>] =
        [
            Act("open", .creates, "Open a deal", takes: given) { .create($0.record) },
            Act("edit", .edits, "Change what is known of a deal", takes: given.keeping("pipeline_id", "stage_id")) {
                .edit($0.patch)
            },
            Act(
                "move", .verb, "Move a deal to another open stage",
                takes: [Field("stage_id", .id).required().alias("stage", "to")]
            ) { body throws(Flaw) in .move(to: try body.required(body.id("stage_id"), "stage_id")) },
            Act("win", .verb, "Close a deal as won", takes: [closingStage, closingDay, Field("amount", .money)]) {
                .win(stage: $0.id("stage_id"), actualClose: $0.day("actual_close"), amount: Money($0.values["amount"]))
            },
            Act(
                "lose", .verb, "Close a deal as lost, and say why",
                takes: [
                    Field("lost_reason", .text(500)).required().alias("reason"),
                    Field("lost_to", .text(100)).alias("competitor"), closingStage, closingDay,
                ]
            ) { body throws(Flaw) in
                .lose(
                    reason: try body.required(body.text("lost_reason"), "lost_reason"), to: body.text("lost_to"),
                    stage: body.id("stage_id"), actualClose: body.day("actual_close"))
            },
            Act("reopen", .verb, "Open a closed deal again", takes: [closingStage]) {
                .reopen(stage: $0.id("stage_id"))
            },
            Act("assign", .verb, "Give a deal to a member", takes: [.owner.required()]) { .edit($0.patch) },
            Act("add_line", .verb, "Add a product to a deal; its amount follows", takes: line) { .addLine($0.patch) },
            Act(
                "change_line", .verb, "Change the product, quantity, price or discount of a line",
                takes: [lineID, Field("product_id", .reference("product"))] + lineFacts
            ) { body throws(Flaw) in
                .changeLine(try body.required(body.id("line_id"), "line_id"), body.patch.without("line_id"))
            },
            Act("remove_line", .verb, "Take a line out of a deal", takes: [lineID]) { body throws(Flaw) in
                .removeLine(try body.required(body.id("line_id"), "line_id"))
            },
            Act("archive", .archives, "Put a deal away") { _ in .archive },
            Act("restore", .verb, "Take a deal out again") { _ in .restore },
        ] + tagging
    private static let lineID = Field("line_id", .id).required().alias("line")
    private static let closingStage = Field("stage_id", .id).alias("stage")
    private static let closingDay = Field("actual_close", .day).alias("actual_close_date")

    // MARK: What can have happened?

    /// What can have happened. Winning tells the amount it was won at.
    public enum Event: Message, TagEvent {
        case opened(Record)
        case edited(set: Patch)
        case assigned(from: UUID?, owner_id: UUID?)
        case moved(from: UUID?, to: UUID)
        case won(from: UUID?, stage_id: UUID, actual_close: Day, amount: Money?)
        case lost(from: UUID?, stage_id: UUID, actual_close: Day, lost_reason: String?, lost_to: String? = nil)
        /// Whole lines by id, null for one that went; and their sum, where any are left.
        case linesChanged(lines: Patch, amount: Money?)
        case reopened(from: UUID?, stage_id: UUID)
        case tagsChanged(tags: Patch)
        case archived, restored
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case opened = "deal.opened@1"
            case edited = "deal.edited@1"
            case assigned = "deal.assigned@1"
            case moved = "deal.moved@1"
            case won = "deal.won@1"
            case lost = "deal.lost@1"
            case linesChanged = "deal.lines_changed@1"
            case reopened = "deal.reopened@1"
            case tagsChanged = "deal.tags_changed@1"
            case archived = "deal.archived@1"
            case restored = "deal.restored@1"
        }
    }

    // MARK: What does it mean?

    /// What it means. An open deal has neither a closing day nor a reason why it was lost, nor to whom:
    /// reopening clears these.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .opened(let record): state = .active(Content(fields: record))
        case .edited(let change): state.change { $0.fields.merge(change, fields) }
        case .assigned(_, let owner): state.change { $0.fields.set("owner_id", owner) }
        case .moved(_, let to): state.change { $0.fields.set("stage_id", to) }
        case .won(let from, let stage, let day, let amount):
            state.change {
                $0.close(.won, stage, day, left: from)
                if let amount { $0.fields.set("amount", amount.json) }
            }
        case .lost(let from, let stage, let day, let reason, let other):
            state.change {
                $0.close(.lost, stage, day, left: from)
                $0.fields.set("lost_reason", reason)
                $0.fields.set("lost_to", other)
            }
        case .linesChanged(let lines, let amount):
            state.change {
                $0.fields.merge(Patch(["lines": .object(lines.values)]), fields)
                if let amount { $0.fields.set("amount", amount.json) }
            }
        case .reopened(_, let stage):
            state.change {
                $0 = Content(fields: $0.fields)
                $0.fields.merge(Patch(["actual_close": .null, "lost_reason": .null, "lost_to": .null]), fields)
                $0.fields.set("stage_id", stage)
            }
        case .tagsChanged(let tags): state.retag(tags)
        case .archived: state.archive()
        case .restored: state.restore()
        }
    }
}

extension Deal.Content {
    fileprivate mutating func close(_ kind: Stage.Kind, _ stage: UUID, _ day: Day, left: UUID?) {
        (outcome, self.left) = (kind, left)
        fields.set("stage_id", stage)
        fields.set("actual_close", day.text)
    }
}
