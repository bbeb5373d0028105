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
        refuses("key: stream", "key: .customer", "a key is stream, or columns whose values make a row")
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
        refuses("projection: deals", "projection: deals_values", "is taken")
        refuses("indexes:", "values: cust\nindexes:", "there is no column cust; did you mean custom?")
        refuses("indexes:", "values: stage\nindexes:", "stage is text, and values are the members of a json column")
        refuses("key: stream", "key: [stage]\nvalues: custom", "values needs `key: stream`")
        refuses("stage: .to", "stage: {match: {email: [stage]}}", "stage is text, and match makes json")
        refuses("stage: .to", "custom: {match: {emial: [stage]}}", "nothing is compared as emial; did you mean email?")
        refuses("stage: .to", "custom: {match: {email: [amount]}}", "amount is bigint, and text is compared")
        refuses("stage: .to", "custom: {match: {email: [stge]}}", "there is no column stge; did you mean stage?")
        refuses("stage: .to", "custom: {match: .to}", "match takes columns by how they are compared")
        refuses("indexes:", "pairs: [email]\nindexes:", "pairs needs `values`")
        refuses("indexes:", "values: custom\npairs: [email]\nindexes:", "pairs needs the column same_as: uuid")
        refuses("indexes:", "pairs: email\nindexes:", "pairs is a list of keys of the values")
        refuses("projection: deals", "projection: deals_pairs", "is taken")
        refuses("indexes:", "search: title\nindexes:", "search is a list of text columns")
        refuses("indexes:", "search: [titel]\nindexes:", "there is no column titel; did you mean title?")
        refuses("indexes:", "search: [custom]\nindexes:", "custom is json, and words are searched in text")
        refuses("indexes:", "search: [title, title]\nindexes:", "search names a column twice")
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

    private static let keyed = """
        projection: handed
        key: [owner, month]
        columns: {owner: uuid, month: text, deals: bigint, days: bigint, tags: json, note: text, on_day: date}
        on:
          deal.opened: {owner: .owner, month: {month: $occurred_at}, deals: {add: 1}}
          deal.edited:
            - {when: {.set.title: Pump}, owner: $actor, month: x, tags: {collect: .set.title}}
            - {each: .set.custom, owner: $actor, month: $name, note: {first: [$item.note, none]}}
          deal.moved: {owner: $actor, month: x, remove: true}
          deal.removed: {owner: $actor, month: x, clear: [deals, note]}

        """
    private func keyed(_ old: String, _ new: String, _ catalogue: EventCatalogue? = nil) -> [String] {
        #expect(Self.keyed.contains(old))
        return problems(Self.keyed.replacing(old, with: new), catalogue).map {
            $0.replacing("deals.yaml:", with: "")
        }
    }

    @Test func `mistakes in keys, cases, conditions and functions are told with their place`() {
        #expect(problems(Self.keyed) == [])
        #expect(keyed("[owner, month]", "[ownr, month]").first == "2:7: there is no column ownr; did you mean owner?")
        #expect(keyed("[owner, month]", "[owner, tags]").first == "2:14: tags is json, which makes no key")
        #expect(
            keyed("[owner, month]", "[]").first
                == "2:6: a key is stream, or columns whose values make a row: key: [owner_id, month]")
        #expect(
            keyed("{owner: .owner, month: {month: $occurred_at}", "{owner: .owner") == [
                "5:16: deal.opened does not say which row: owner: …, month: …"
            ])
        #expect(
            keyed("deal.moved: {owner: $actor, month: x, remove: true}", "deal.moved: remove") == [
                "9:15: which row is removed is said by its key: {owner: …, month: …, remove: true}"
            ])
        #expect(
            keyed("remove: true", "remove: true, deals: 1") == [
                "9:55: a row that is removed takes no deals"
            ])
        #expect(
            keyed("{month: $occurred_at}", "{mont: $occurred_at}").first?.hasPrefix("5:40: unknown operation mont")
                == true)
        #expect(
            keyed("{add: 1}", "{add: {day: $occurred_at}}") == ["5:76: day makes date, and the column deals is bigint"])
        #expect(
            keyed("{add: 1}", "{days: [.a]}") == [
                "5:76: days takes two days or moments: {days: [.from, .to]}"
            ])
        #expect(
            keyed("{collect: .set.title}", "{collect: {add: 1}}") == ["7:76: add is done to a column, and is no value"])
        #expect(keyed("tags: {collect", "note: {collect") == ["7:66: note is text, and only json holds a list"])
        #expect(
            keyed("when: {.set.title: Pump}", "when: {.set.title: {abov: 1}}") == [
                "7:28: unknown comparison abov; did you mean above?"
            ])
        #expect(keyed("when: {.set.title: Pump}", "when: {$itm: Pump}").first?.contains("a path, a $variable") == true)
        #expect(
            keyed("when: {.set.title: Pump}", "when: {$position: x}") == ["7:26: $position is numeric, and x is text"])
        #expect(
            keyed("when: {.set.title: Pump}", "when: {.a: {is: there}}").first?.hasPrefix(
                "7:24: is takes present or absent") == true)
        #expect(keyed("month: x, tags", "month: $name, tags") == ["7:56: there is a $name only beside each: .path"])
        #expect(keyed("$item.note", "$itm.note").first?.contains("unknown variable $itm.note") == true)
        #expect(
            keyed("clear: [deals, note]", "clear: [deals, month]") == ["10:58: month is of the key, and is never empty"]
        )
        #expect(keyed("note: text", "each: text").contains { $0.contains("each is a word of the language") })
    }

    @Test func `what is personal makes no key, no condition, no rows, and is in no row of several streams`() {
        func catalogue(_ personal: [String]) -> EventCatalogue {
            EventCatalogue(
                names: ["deal.opened", "deal.edited", "deal.moved", "deal.removed"],
                personal: ["deal.edited": [personal], "deal.opened": [["owner"]]])
        }
        #expect(
            keyed("projection", "projection", catalogue(["set", "title"])) == [
                "5:24: .owner of deal.opened is personal, and a key outlives the person",
                "7:15: .set.title of deal.edited is personal, and what a condition decides outlives the person",
            ])
        let custom = keyed("{owner: .owner,", "{owner: $actor,", catalogue(["set", "custom"]))
        #expect(
            custom.first
                == "8:14: .set.custom of deal.edited is personal, and how many rows there are outlives the person")
        let shared = Self.keyed.replacing("{owner: .owner,", with: "{owner: $actor,").replacing(
            "when: {.set.title: Pump}, ", with: "")
        #expect(
            problems(shared, catalogue(["set", "title"])) == [
                "deals.yaml:7:49: tags is personal, and rows of several streams outlive the person; "
                    + "let the key hold a column that is always $stream or $position"
            ])
        let own = shared.replacing("owner: $actor", with: "owner: $stream")
        #expect(problems(own, catalogue(["set", "title"])) == [])
        let totals = own + "totals: {by: [note], count: many}\n"
        let lowered = totals.replacing("note: {first: [$item.note, none]}", with: "note: {lower: .set.title}")
        #expect(problems(lowered, catalogue(["set", "title"])).first?.contains("note is personal, and totals") == true)
    }

    @Test func `a view's file must be a view that reads as its reader`() {
        func view(_ text: String) -> [String] { ReadModels.check(file("v.sql", text)).map(\.message) }
        #expect(view("-- The board.\nCREATE VIEW read.board WITH (security_invoker = true) AS SELECT 1") == [])
        #expect(view("CREATE VIEW read.board AS SELECT 1").first?.contains("security_invoker") == true)
        #expect(view("DROP TABLE read.deals").first?.contains("begins with CREATE VIEW") == true)
    }
}
