import CRM
import Kernel

/// What a list is of: the table whose rows are chosen and sorted, and what is shown of each.
struct Subject: Sendable {
    /// Chosen and sorted by its columns.
    let table: Relation
    /// Shown: a view with a row for each row of the table, or the table itself.
    let document: Relation
    /// The table's rows with their words in one column, where an index finds these.
    private(set) var search: Relation?
    /// Rows that show again what another shows, by id: they are left out.
    private(set) var doubles: Doubles?
    /// Counts of the table's rows by groups.
    private(set) var totals: Relation?
    /// By name and by alias.
    private(set) var criteria: [String: Criterion]
    /// Columns that `q` looks into.
    let searched: [String]
    /// In what order, unless the request says.
    let order: [SortKey]
    /// The entity's name, where it is one.
    let entity: String?
    /// Records that its rows refer to and that a list can show with them, by name: `account`, `owner`.
    private(set) var related: [String: Related] = [:]

    /// The projections behind it all: those of both relations, and what criteria stand on beside these.
    private(set) var projections: [String]
    /// All that the document has to show of a row `t`.
    let whole: String

    /// Whether rows can be put away.
    var hasArchive: Bool { entity != nil && table.column("archived_at") != nil }
    /// Whether rows have an id of their own, by which pages go on; versions of one row share theirs.
    var hasID: Bool { table.column("id") != nil && table.column("until_position") == nil }
}

/// Rows of a list that are there again because the records that they name are the same.
struct Doubles: Sendable {
    let rows: Relation
    let merges: Relation
    /// By which rows name such records.
    let member: String

    /// That a row called `t` is none of them. Row by row: a page shows few, and most name what was never merged.
    var isNone: String {
        "CASE WHEN (SELECT m.into_id FROM \(merges.sql) m WHERE m.organization_id = $1 AND m.id = t.\(member)) IS NULL"
            + " THEN true ELSE (SELECT x.id FROM \(rows.sql) x WHERE x.organization_id = $1 AND x.id = t.id LIMIT 1)"
            + " IS NULL END"
    }
    /// That it is one.
    var isOne: String { "t.id IN (SELECT x.id FROM \(rows.sql) x WHERE x.organization_id = $1)" }
}

extension Subject {
    /// The records of an entity: its read table, shown as the view `<entity>_documents` shows them.
    init?(_ entity: any Entity.Type, in catalog: Catalog) {
        // A record is what its view makes of it, or nothing: a table may serve before its view is there.
        guard let table = catalog.relations[entity.plural],
            let document = catalog.relations["\(entity.name)_documents"]
        else { return nil }
        let fields = Subject.fields(of: entity)
        self.init(table, document, fields: fields, entity: entity.name)
        if table.column("tags") != nil, let taggings = catalog.isPast ? table : catalog.relations["taggings"] {
            let criterion = Criterion(tagsIn: catalog)
            for name in [criterion.name] + criterion.aliases { criteria[name] = criterion }
            stand(on: taggings.projections)
        }
        if entity.name == "deal", let stages = catalog.relations["rotting_stages"] {
            // The stage of a deal and the calendar say it, no column of its own.
            criteria["rotting"] = Criterion(
                "rotting",
                where: "EXISTS (SELECT FROM \(stages.sql) r WHERE r.organization_id = t.organization_id "
                    + "AND r.pipeline_id = t.pipeline_id AND r.stage_id = t.stage_id AND t.entered_stage_at < r.since)")
        }
        // What the clock makes of records are flags of a view.
        if let states = catalog.relations["\(entity.name)_states"] {
            for flag in states.columns where flag.type == .flag && table.column(flag.name) == nil {
                criteria[flag.name] = Criterion(
                    flag.name,
                    where: "t.id IN (SELECT s.id FROM \(states.sql) s WHERE s.organization_id = $1 "
                        + "AND s.\(SQLText.name(flag.name)))")
            }
            stand(on: states.projections)
        }
        for field in fields {
            if let related = Related(field, of: document, in: catalog) { self.related[related.name] = related }
        }
        if let rows = catalog.relations["\(entity.name)_doubles"], let merges = catalog.relations["merges"] {
            doubles = Doubles(rows: rows, merges: merges, member: "person_id")
            stand(on: rows.projections)
        }
        // As of a moment groups are counted from the rows.
        if catalog.isPast { return }
        search = catalog.relations["\(table.name)_search"]
        totals = catalog.relations["\(table.name)_totals"].flatMap { $0.column(table.name) == nil ? nil : $0 }
    }

    /// A table or view as it is.
    init(_ relation: Relation) {
        self.init(relation, relation, fields: Subject.references, entity: nil)
    }
    /// What views name records by that may have been merged.
    private static let references = mergeables.map { Field("\($0)_id", .reference($0)) }

    /// - Parameter order: nil for the usual one.
    init(
        _ table: Relation, _ document: Relation, fields: [Field], entity: String?, order: [SortKey]? = nil
    ) {
        (self.table, self.document, self.entity) = (table, document, entity)
        projections = Relation.projections([table, document])
        whole = document.columns(document.shown.map(\.name))
        criteria = Criterion.byName(table.columns, of: fields)
        searched = fields.filter { $0.weight != nil && table.column($0.name)?.type == .text }.map(\.name)
        self.order = order ?? Subject.order(of: table, entity: entity)
    }

    private mutating func stand(on beside: [String]) { projections = Set(projections + beside).sorted() }

    /// Newest first, which has an index; the few things that shape an organization by their name. What happened in the
    /// same moment stays in the order in which it was told.
    private static func order(of table: Relation, entity: String?) -> [SortKey] {
        if entity == "interaction" {
            return ["occurred_at", "position"].compactMap { table.column($0).map { SortKey($0, descending: true) } }
        }
        if let entity, ["member", "team", "product", "pipeline", "tag"].contains(entity),
            let name = table.column("name")
        {
            return [SortKey(name)]
        }
        if let id = table.column("id"), let since = table.column("since_position") {
            return [SortKey(id), SortKey(since)]
        }
        let columns = table.shown.filter(\.type.isOrdered).map { SortKey($0) }
        // Rows without an id are told apart by all that they hold.
        guard table.column("id") != nil else { return columns }
        return table.column("created_at").map { [SortKey($0, descending: true)] } ?? Array(columns.prefix(4))
    }

    /// The fields of a record, what its decisions make beside them, and what read tables know besides: where two speak
    /// of one column, the first.
    static func fields(of entity: any Entity.Type) -> [Field] {
        entity.fields + (besides[entity.name] ?? []) + entity.derived
    }
    private static let besides: [String: [Field]] = [
        "interaction": [
            Field("subject_entity", .choice(Subjects.all)), Field("subject_id", .id),
            Field("status", .choice(Interaction.Status.allCases.map(\.rawValue)))
                .spelled(["planned": "scheduled", "held": "completed", "done": "completed", "canceled": "cancelled"]),
        ],
        "task": [Field("subject_entity", .choice(Subjects.all)), Field("subject_id", .id)],
        "note": [
            Field("subject_entity", .choice(Subjects.all)), Field("subject_id", .id),
            Field("author_id", .reference("member")),
        ],
        "attachment": [
            Field("subject_entity", .choice(Subjects.all)), Field("subject_id", .id),
            Field("person_id", .id), Field("author_id", .reference("member")),
        ],
        "campaign": [Field("status", .choice(Campaign.Status.allCases.map(\.rawValue)))],
        "campaign_member": [
            Field("status", .choice(["enrolled"] + CampaignMember.Step.allCases.map(\.rawValue))),
            Field("person_entity", .choice(CampaignMember.people)), Field("person_id", .id),
        ],
        "project": [Field("status", .choice(Project.Status.allCases.map(\.rawValue)))],
        "deal": [Field("status", .choice(["open", "won", "lost"]))],
        "contact": [
            Field("primary_email", .email).alias("email").searchable(.a),
            Field("primary_account_id", .reference("account")).alias("account_id"),
        ],
    ]
}

extension Criterion {
    /// Columns by their names and aliases.
    static func byName(_ columns: [Relation.Column], of fields: [Field]) -> [String: Criterion] {
        var criteria: [String: Criterion] = [:]
        let told = columns.filter { $0.name.hasPrefix(Relation.Column.told) }
        for column in columns
        where column.name != "organization_id" && !told.contains(where: { $0.name == column.name }) {
            var criterion = Criterion(column, of: fields)
            if let told = told.first(where: { $0.name == Relation.Column.told + column.name }) {
                criterion = Criterion(told, as: column.name, field: criterion.field)
            }
            for name in [criterion.name] + criterion.aliases where criteria[name] == nil { criteria[name] = criterion }
        }
        return criteria
    }

    /// A column by the field whose value it holds; the two columns of an amount are `amount` and `amount.currency`.
    private init(_ column: Relation.Column, of fields: [Field]) {
        if let field = fields.first(where: { $0.name == column.name }) {
            self.init(column, field: field)
            return
        }
        for field in fields where field.kind == .money {
            if column.name == "\(field.name)_minor" {
                self.init(column, as: field.name, aliases: field.aliases)
                return
            }
            if column.name == "\(field.name)_currency" {
                self.init(column, as: "\(field.name).currency", field: Field(field.name, .currency), aliases: [])
                return
            }
        }
        self.init(column)
    }
}
