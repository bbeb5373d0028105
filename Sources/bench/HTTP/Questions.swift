import Foundation
import Kernel

/// Every question that the server offers, found by asking it: the routes of its description, the sorts and filters that
/// its refusals name, values from records that it lists.
struct Questions {
    private let wire: Wire
    private let client: Client
    /// What is asked, by a name that has no values: paths that differ in these.
    private(set) var all: [(name: String, paths: [String])] = []

    private static let base = "/api/v1"
    /// What is no filter.
    private static let words: Set = [
        "sort", "limit", "cursor", "page", "page_size", "fields", "filter", "include", "total", "as_of", "as_known",
        "archived", "q", "external_id", "id",
    ]
    /// What describes the server, or is about its work rather than about records.
    private static let beside = ["/openapi.json", "/audit/", "/projections"]
    /// What leaves as a whole, however long that takes.
    private static let whole = ["/export", "/content"]

    /// - Parameter variants: how many values are tried in turn.
    init(_ wire: Wire, _ client: Client, variants: Int) throws {
        (self.wire, self.client) = (wire, client)
        let paths = try get("/openapi.json")["paths"]?.object ?? [:]
        // What sources call by other names is asked once.
        let asked = paths.filter { $0.key.hasPrefix(Self.base + "/") && $0.value["get"] != nil }
            .filter { $0.value["get"]?["tags"] == nil }.keys.map { String($0.dropFirst(Self.base.count)) }
            .filter { path in !Self.whole.contains { path.hasSuffix($0) } }.sorted()
        let plurals = asked.filter { asked.contains("\($0)/{id}/timeline") }
        for plural in plurals {
            try ask(plural, asked.filter { $0.hasPrefix("\(plural)/{id}") }, variants)
        }
        for path in asked where !path.contains("{") && !plurals.contains(path) {
            if !Self.beside.contains(where: path.hasPrefix) { try addAnswered(path, [path]) }
        }
        for entity in ["account", "contact", "lead"] {
            try addAnswered("/duplicates?entity=\(entity)", ["/duplicates?entity=\(entity)"])
        }
        try askDeals()
    }

    private func get(_ path: String) throws -> JSON {
        try wire.ask(Wire.request("GET", Self.base + path, token: client.token)).json
    }
    private mutating func add(_ name: String, _ paths: [String]) {
        if !paths.isEmpty { all.append(("GET \(name)", paths.map { Self.base + $0 })) }
    }
    /// Only what can be asked: not every table has a past, not every record was there then, not all goes without words.
    private mutating func addAnswered(_ name: String, _ paths: [String]) throws {
        add(
            name,
            try paths.filter { path in
                let code = try get(path)["code"]?.string ?? ""
                return !code.hasPrefix("parameter.") && !code.hasSuffix(".not_found")
            })
    }
    /// The names that a refusal tells.
    private func known(_ problem: JSON) -> [String] { (problem["known"]?.array ?? []).compactMap(\.string) }

    // MARK: - What can be asked of a kind of record?

    /// - Parameter below: the paths of one record and of what belongs to it.
    private mutating func ask(_ plural: String, _ below: [String], _ variants: Int) throws {
        add(plural, [plural])
        let items = try get("\(plural)?limit=200")["items"]?.array ?? []
        if items.isEmpty { return }
        let sample = stride(from: 0, to: items.count, by: max(1, items.count / variants)).map { items[$0] }
        add("\(plural)?limit=200", ["\(plural)?limit=200"])
        add("\(plural)?total=exact", ["\(plural)?total=exact"])
        try addAnswered("\(plural)?as_of", ["2", "12"].map { "\(plural)?as_of=\(Self.monthsAgo($0))" })
        let ids = sample.compactMap { $0["id"]?.string }
        for path in below { add(path, ids.map { path.replacing("{id}", with: $0) }) }
        try addAnswered("\(plural)/{id}?as_of", ids.map { "\(plural)/\($0)?as_of=\(Self.monthsAgo("1"))" })
        let related = known(try get("\(plural)?include=nosuch")).joined(separator: ",")
        if !related.isEmpty { add("\(plural)?include=\(related)", ["\(plural)?include=\(related)"]) }
        for key in known(try get("\(plural)?sort=nosuch")) {
            for sign in ["", "-"] { add("\(plural)?sort=\(sign)\(key)", ["\(plural)?sort=\(sign)\(key)&limit=50"]) }
        }
        let names = known(try get("\(plural)?nosuch=1"))
        for name in names where !Self.words.contains(name) {
            let values = sample.compactMap { item in (item[name] ?? item["\(name)_id"]).flatMap(Self.text) }
            if values.isEmpty {
                // What the clock says of a record is no member of it.
                try addAnswered("\(plural)?\(name)", ["\(plural)?\(name)=true"])
            } else {
                add("\(plural)?\(name)", values.map { "\(plural)?\(name)=\($0)" })
            }
        }
        if names.contains("q") { search(plural, sample) }
    }

    private mutating func search(_ plural: String, _ sample: [JSON]) {
        let names = sample.compactMap { ($0["name"] ?? $0["title"])?.string?.split(separator: " ").last }
        add("\(plural)?q of few", names.map { "\(plural)?q=\(Self.encoded(String($0)))" })
        add(
            "\(plural)?q of many",
            names.map { "\(plural)?q=\(Self.encoded(String($0.prefix(3))))" } + ["\(plural)?q=e"])
        add("\(plural)?q of none", ["zyxwvut", "zy"].map { "\(plural)?q=\($0)" })
    }

    /// Every measure of deals by everything.
    private mutating func askDeals() throws {
        let measures = ["won_amount", "open_amount", "weighted_amount", "count", "win_rate", "days_to_win"]
        let groups = [
            "none", "stage", "pipeline", "quarter", "month", "owner", "team", "region", "account", "product", "source",
            "reason", "competitor",
        ]
        for measure in measures {
            for group in groups {
                let path = "/reports/deals?measure=\(measure)&by=\(group)"
                add(path, [path])
            }
        }
        let then = Self.monthsAgo("6")
        for path in ["/reports/deals?measure=won_amount&by=month&", "/reports/overview?", "/reports/forecast?"] {
            try addAnswered("\(path)as_of", ["\(path)as_of=\(then)"])
        }
    }

    // MARK: - How do values stand in a path?

    private static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }
    private static func text(_ value: JSON) -> String? {
        switch value {
        case .string(let text): text.isEmpty ? nil : encoded(text)
        case .integer(let number): "\(number)"
        case .bool(let flag): "\(flag)"
        case .object(let members): members["minor"]?.integer.map { "\($0)" }
        case .number, .null, .array: nil
        }
    }
    private static func monthsAgo(_ months: String) -> String {
        Day(number: Int32(now().microseconds / 86_400_000_000) - (Int32(months) ?? 1) * 30).text
    }
}
