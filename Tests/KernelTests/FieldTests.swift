import Kernel
import Testing

@Suite struct FieldTests {
    static let fields = [
        Field("title", .text(10)).required(), Field("amount", .money),
        Field("stage_id", .reference("stage")).alias("stage"),
        Field("emails", .map(of: .object([Field("address", .email).required()]), keys: .id)), Field("zone", .zone),
        Field("phone", .phone), Field("website", .link), Field("custom", .custom), Field("note", .paragraph(20)),
    ]
    func flaws(_ object: [String: JSON], partial: Bool = true) -> [String] {
        var flaws: [Flaw] = []
        _ = Self.fields.normal(object, partial: partial, flaws: &flaws)
        return flaws.map { "\($0.pointer) \($0.code)" }.sorted()
    }
    func normal(_ object: [String: JSON]) -> [String: JSON] {
        var flaws: [Flaw] = []
        let result = Self.fields.normal(object, partial: true, flaws: &flaws)
        #expect(flaws.isEmpty)
        return result
    }

    @Test func `every flaw is told with its place`() {
        #expect(
            flaws(["title": 1, "nope": 1, "amount": ["minor": .number(1.5), "currency": "XXX"]]) == [
                "/amount/currency malformed", "/amount/minor wrong_type", "/nope unknown_member", "/title wrong_type",
            ])
        #expect(flaws([:], partial: false) == ["/title required"])
        #expect(flaws(["title": 1], partial: false) == ["/title wrong_type"])
        #expect(flaws(["title": "x", "stage": "y", "stage_id": "y"], partial: false).count == 2)
        #expect(flaws(["title": .null]) == ["/title required"])
        #expect(flaws(["title": "  "]) == ["/title required"])
        #expect(flaws(["title": "12345678901"]) == ["/title too_long"])
        #expect(flaws(["stage": "x"]) == ["/stage malformed"])
        #expect(flaws(["emails": ["x": ["address": "a@b.c"]]]) == ["/emails/x malformed"])
    }
    @Test func `values are brought into one form`() {
        #expect(normal(["title": " a\u{0065}\u{0301}  b "]) == ["title": "aé b"])
        #expect(
            normal(["stage": "ABCDEF00-0000-4000-8000-000000000001"]) == [
                "stage_id": "abcdef00-0000-4000-8000-000000000001"
            ])
        #expect(normal(["phone": "+44 (20) 7946-0018"]) == ["phone": "+442079460018"])
        #expect(normal(["website": "Example.COM/Path"]) == ["website": "https://example.com/Path"])
        #expect(normal(["note": " a\r\nb "]) == ["note": "a\nb"])
        #expect(normal(["zone": ""]) == ["zone": .null])
    }
    @Test(arguments: ["a@b", "a b@c.de", "@c.de", "a@c..de", "a..b@c.de", "a@-c.de", "a@b@c.de"])
    func `what is no e-mail address is refused`(text: String) { #expect(Normal.email(text) == nil) }

    @Test func `a patch tells only what it changes, also within a map`() {
        var record = Record(["title": "x", "custom": ["a": 1, "b": 2]])
        let patch = Patch(["title": "x", "note": .null, "custom": ["a": 1, "b": .null, "c": 3]])
        let change = patch.effective(on: record, Self.fields)
        #expect(change == Patch(["custom": ["b": .null, "c": 3]]))
        record.merge(change, Self.fields)
        #expect(record == Record(["title": "x", "custom": ["a": 1, "c": 3]]))
        #expect(patch.effective(on: record, Self.fields).isEmpty)
    }
    @Test func `replacing clears what is not given`() {
        let old = Record(["title": "x", "note": "n", "custom": ["a": 1]])
        let patch = Patch.replacing(Self.fields, of: old, by: Record(["title": "y"])).effective(on: old, Self.fields)
        #expect(patch == Patch(["title": "y", "note": .null, "custom": ["a": .null]]))
    }
    @Test func `a decimal amount is read exactly or not at all`() throws {
        let usd = try #require(Currency("USD")), yen = try #require(Currency("JPY")),
            dinar = try #require(Currency("KWD"))
        #expect(Money(decimal: "1054", currency: usd)?.minor == 105_400)
        #expect(Money(decimal: "-3.1", currency: usd)?.minor == -310)
        #expect(Money(decimal: "3.1000", currency: usd)?.minor == 310)
        #expect(Money(decimal: "7", currency: yen)?.minor == 7)
        #expect(Money(decimal: "7.123", currency: dinar)?.minor == 7123)
        for text in ["3.101", "", ".", "1.", "1e3", "99999999999999999999", "--1"] {
            #expect(Money(decimal: text, currency: usd) == nil)
        }
    }
}

@Suite struct EntriesTests {
    static let ann = "00000000-0000-4000-8000-00000000000a", bob = "00000000-0000-4000-8000-00000000000b"
    static let fields = [
        Field("emails", .entries(of: [Field("address", .email).required()], keys: .id, by: "address")).alias("email"),
        Field("accounts", .entries(of: [Field("role", .text(9))], keys: .reference("account"), by: "account_id")),
        Field("owner_id", .reference("member")), Field("size", .choice(["small", "United States"])),
    ]
    func normal(_ object: [String: JSON]) -> [String: JSON] {
        var flaws: [Flaw] = []
        let result = Self.fields.normal(object, partial: true, flaws: &flaws)
        #expect(flaws.isEmpty, "\(flaws)")
        return result
    }

    @Test func `entries are given by id, all at once, or only the first`() {
        #expect(
            normal(["emails": .object([Self.ann: ["address": "A@x.org"]])])["emails"]?[Self.ann]?["address"]
                == "a@x.org")
        #expect(
            normal(["emails": ["A@x.org", ["address": "b@x.org"]]])["emails"] == [
                ["address": "a@x.org"], ["address": "b@x.org"],
            ])
        #expect(normal(["email": "A@x.org"]) == ["emails": "a@x.org"])
        #expect(normal(["email": ""]) == ["emails": .null])
        #expect(normal(["accounts": [.string(Self.bob)]])["accounts"] == [["account_id": .string(Self.bob)]])
        var flaws: [Flaw] = []
        _ = Self.fields.normal(["emails": ["x", 1], "accounts": "y"], partial: true, flaws: &flaws)
        #expect(Set(flaws.map(\.pointer)) == ["/emails/0/address", "/emails/1", "/accounts"])
    }
    @Test func `every record a body names is found, with its place`() {
        let values = normal(["accounts": .object([Self.bob: ["role": "cfo"]]), "owner_id": .string(Self.ann)])
        #expect(
            Set(Self.fields.mentions(in: values).map { "\($0.pointer) \($0.entity) \($0.id.text)" }) == [
                "/accounts/\(Self.bob) account \(Self.bob)", "/owner_id member \(Self.ann)",
            ])
        #expect(Self.fields.mentions(in: ["accounts": .string(Self.ann)]).map(\.entity) == ["account"])
        #expect(
            Self.fields.mentions(in: ["accounts": [["account_id": .string(Self.ann)]]]).map(\.pointer) == [
                "/accounts/0/account_id"
            ])
    }
    @Test func `a choice is found without regard to case and answers its own spelling`() {
        #expect(normal(["size": " united  STATES"]) == ["size": "United States"])
    }
    @Test func `days, instants and amounts in events are text and objects`() throws {
        let day = try #require(Day("2017-03-01"))
        #expect(try JSON(encoding: ["on": day]) == ["on": "2017-03-01"])
        #expect(try JSON.object(["on": "2017-03-01"]).decode([String: Day].self) == ["on": day])
        let money = Money(minor: 5, currency: try #require(Currency("USD")))
        #expect(try JSON(encoding: money).decode(Money.self) == money)
        #expect(throws: DecodingError.self) { try JSON.string("2017-02-30").decode(Day.self) }
    }
}
