import FoundationEssentials
import Kernel
import Projections
import Testing

@Suite struct DefinitionTests {
    private static let good = """
        projection: deals
        description: Deals and where they stand
        owner: sales@example.com
        version: 3
        key: stream
        columns: {title: text, stage: text, amount: bigint, currency: text, custom: json, open: boolean,
          at: timestamptz}
        on:
          deal.opened: {title: .title, amount: .amount.minor, currency: .amount.currency, open: true, at: $occurred_at}
          deal.edited: {merge: .set, amount: {given: .set.amount.minor}}
          deal.moved: {stage: .to}
          deal.removed: remove
        totals: {by: [stage, currency], count: deals, sum: amount}
        indexes: [[stage, amount], [created_at]]

        """

    private func problems(_ text: String, _ catalogue: EventCatalogue? = nil) -> [String] {
        ReadModels.check(file("deals.yaml", text), catalogue: catalogue).map(\.description)
    }
    /// With one line of the good file replaced.
    private func problems(replacing old: String, _ new: String, _ catalogue: EventCatalogue? = nil) -> [String] {
        #expect(Self.good.contains(old))
        return problems(Self.good.replacing(old, with: new), catalogue)
    }

    @Test func `a good file is read whole`() throws {
        let definition = try Definition.read(file: "deals.yaml", text: Self.good)
        #expect(definition.name == "deals")
        #expect(definition.version == "3")
        #expect(definition.columns.map(\.name) == ["title", "stage", "amount", "currency", "custom", "open", "at"])
        #expect(definition.events == ["deal.opened", "deal.edited", "deal.moved", "deal.removed"])
        #expect(definition.totals?.by == [1, 3] && definition.totals?.count == "deals" && definition.totals?.sum == 2)
        #expect(definition.indexes == [["stage", "amount"], ["created_at"]])
    }

    @Test func `an error names file, line, column, what is wrong and the nearest right name`() {
        #expect(
            problems(replacing: "{stage: .to}", "{stge: .to}")
                == ["deals.yaml:11:16: there is no column stge; did you mean stage?"])
        #expect(
            problems(replacing: "amount: bigint", "amount: bigitn") == [
                "deals.yaml:6:45: unknown type bigitn; did you mean bigint?"
            ])
        #expect(
            problems(replacing: "{given: .set.amount.minor}", "{giben: .set.amount.minor}")
                == ["deals.yaml:10:39: unknown operation giben; did you mean given?"])
        #expect(problems(replacing: "owner:", "ownr:") == ["deals.yaml:3:1: unknown member ownr; did you mean owner?"])
        #expect(
            problems(replacing: "$occurred_at", "$occured_at")
                == ["deals.yaml:9:99: unknown variable $occured_at; did you mean $occurred_at?"])
        #expect(
            problems(replacing: "deal.removed: remove", "deal.removed: delete")
                == ["deals.yaml:12:17: an event takes {column: value, …} or remove; there is remove"])
    }

    @Test func `all that is wrong is told at once, in the file's order`() {
        let found = problems(
            Self.good.replacing("{stage: .to}", with: "{stge: .to}").replacing("sum: amount", with: "sum: titel"))
        #expect(found.count == 2)
        #expect(found.first?.contains("stge") == true && found.last?.contains("did you mean title?") == true)
    }

    @Test func `what does not fit is refused`() {
        func refuses(_ old: String, _ new: String, _ what: String, and: (String, String)? = nil) {
            let text = Self.good.replacing(old, with: new)
            let found = problems(and.map { text.replacing($0.0, with: $0.1) } ?? text)
            #expect(found.contains { $0.contains(what) }, "\(new): \(found)")
        }
        refuses("key: stream", "key: .customer", "only `key: stream` is supported yet")
        refuses("key: stream", "key: .customer\nhistory: all", "history needs `key: stream`")
        refuses("indexes:", "history: every\nindexes:", "history is `all`, or a list of columns")
        refuses("indexes:", "history: []\nindexes:", "history is `all`, or a list of columns")
        refuses("indexes:", "history: [stge]\nindexes:", "there is no column stge; did you mean stage?")
        refuses("indexes:", "history: [stage, stage]\nindexes:", "history names a column twice")
        refuses("indexes:", "history: [custom]\nindexes:", "custom is json, whose text may change")
        refuses(
            "title: text", "title: text, recorded_at: timestamptz", "recorded_at already",
            and: ("indexes:", "history: all\nindexes:"))
        refuses("projection: deals", "projection: deals_history", "is taken")
        refuses("open: true", "open: yes", "yes is no constant of type boolean")
        refuses("stage: .to", "stage: {add: 1}", "only bigint is added to")
        refuses("stage: .to", "stage: {merge: .to}", "only json is merged into")
        refuses("stage: .to", "stage: $position", "$position is bigint, and the column stage is text")
        refuses("stage: .to", "stage: {add: 1, merge: .x}", "one operation")
        refuses("stage: .to", "stage: .a..b", "empty name")
        refuses("merge: .set", "merge: set", "a path such as .amount.minor is expected")
        refuses("deal.moved:", "moved:", "an event's name has two words")
        refuses("title: text", "id: text", "every table has the column id already")
        refuses("title: text", "Title: text", "a column's name is a word")
        refuses("projection: deals", "projection: progress", "progress is taken")
        refuses("projection: deals", "projection: deals_totals", "is taken")
        refuses("projection: deals", "projection: Deals", "a projection's name is a word")
        refuses("by: [stage, currency]", "by: [custom]", "a json column makes no group")
        refuses("by: [stage, currency]", "by: []", "by is a list of columns")
        refuses("sum: amount", "sum: title", "only bigint is summed")
        refuses("count: deals", "count: stage", "count is the name of a column of its own")
        refuses("[created_at]", "[custom]", "has no order")
        refuses("key: stream\n", "", "key is missing")
        refuses("  deal.moved: {stage: .to}", "  deal.moved: {stage: .to}\n  deal.moved: {stage: .to}", "stands twice")
        refuses("columns: {", "columns: {{", "not YAML")
        #expect(problems("") == ["deals.yaml:1:1: the file is empty"])
        #expect(problems("- a\n").first?.contains("a projection is a mapping") == true)
    }

    @Test func `with a catalogue, events and paths that do not exist are refused`() {
        let names = EventCatalogue(names: ["deal.opened", "deal.edited", "deal.moved", "deal.removed"])
        #expect(problems(Self.good, names) == [])
        #expect(
            problems(replacing: "deal.moved:", "deal.mvoed:", names)
                == ["deals.yaml:11:3: there is no event deal.mvoed; did you mean deal.moved?"])
        let fields = [
            Field("title", .text(9)), Field("amount", .money), Field("custom", .custom), Field("closes", .day),
        ]
        let paths = EventCatalogue(EventShape.all(of: DealEvent.self, fields: fields))
        #expect(problems(Self.good, paths) == [])
        #expect(
            problems(replacing: "title: .title", "title: .titel", paths)
                == ["deals.yaml:9:24: deal.opened has no .titel; did you mean .title?"])
        #expect(problems(replacing: "title: .title", "title: .custom.sector", paths) == [])
        #expect(
            problems(replacing: "title: .title", "title: .amount.minor", paths)
                == [
                    "deals.yaml:9:24: .amount.minor of deal.opened is an integer, and the column title is text"
                ])
        #expect(
            problems(replacing: "title: .title", "title: .amount", paths)
                == [
                    "deals.yaml:9:24: .amount of deal.opened is an amount, an object of minor and currency, "
                        + "and the column title is text"
                ])
    }

    /// Events such as `good` names.
    private enum DealEvent: Message {
        case opened(Kernel.Record), edited(set: Patch), moved(from: UUID?, to: String), removed
        enum CodingKeys: String, CodingKey, CaseIterable {
            case opened = "deal.opened@1"
            case edited = "deal.edited@1"
            case moved = "deal.moved@1"
            case removed = "deal.removed@1"
        }
    }

    @Test func `a view's file must be a view that reads as its reader`() {
        func view(_ text: String) -> [String] { ReadModels.check(file("v.sql", text)).map(\.message) }
        #expect(view("-- The board.\nCREATE VIEW read.board WITH (security_invoker = true) AS SELECT 1") == [])
        #expect(view("CREATE VIEW read.board AS SELECT 1").first?.contains("security_invoker") == true)
        #expect(view("DROP TABLE read.deals").first?.contains("begins with CREATE VIEW") == true)
    }
}
