import Kernel
import Synchronization

/// One request that must be refused.
struct Case: Sendable {
    /// Which, for people.
    let name: String
    let call: Call
    /// Whether it carries the owner's token.
    var isKnown = true
    /// What must come back; nil where any refusal will do.
    var status: Int?
    var code: String?
    /// The member that must be named as wrong.
    var pointer: String?

    init(
        _ name: String, _ call: Call, _ status: Int? = nil, _ code: String? = nil, pointer: String? = nil,
        isKnown: Bool = true
    ) {
        (self.name, self.call, self.status, self.code) = (name, call, status, code)
        (self.pointer, self.isKnown) = (pointer, isKnown)
    }
}

extension Field {
    /// So many letters of two bytes: made once for all fields of a limit, which are many.
    private static func long(_ count: Int) -> String {
        longs.withLock { longs in
            if longs[count] == nil { longs[count] = String(repeating: "é", count: count) }
            return longs[count] ?? ""
        }
    }
    private static let longs = Mutex<[Int: String]>([:])

    /// Values that it must refuse, by what is wrong with each.
    var wrong: [(what: String, value: JSON)] {
        switch kind {
        case .text(let limit), .paragraph(let limit):
            [
                ("number", 5), ("object", [:]), ("array", ["a"]),
                ("too long", .string(Self.long(limit + 1))), ("control character", "a\u{7}b"),
            ]
        case .integer(let range):
            [("text", "5"), ("fraction", .number(0.5)), ("boolean", true)]
                + (range.upperBound < .max ? [("above", .integer(range.upperBound + 1))] : [])
                + (range.lowerBound > .min ? [("below", .integer(range.lowerBound - 1))] : [])
        case .decimal(let range): [("text", "5"), ("above", .number(range.upperBound * 2 + 1))]
        case .flag: [("text", "true"), ("number", 1)]
        case .money:
            [
                ("number", 100), ("text", "100 USD"), ("no currency", ["minor": 100]),
                ("unknown currency", ["minor": 100, "currency": "XXQ"]),
                ("fraction", ["minor": .number(1.5), "currency": "USD"]),
                ("unknown member", ["minor": 1, "currency": "USD", "x": 1]),
            ]
        case .day: [("number", 5), ("no such day", "2023-02-30"), ("instant", "2023-02-03T00:00:00Z")]
        case .instant: [("number", 5), ("day", "2023-02-03"), ("no zone", "2023-02-03T00:00:00")]
        case .choice: [("number", 5), ("unknown word", "no-such-word")]
        case .reference, .id:
            [("number", 5), ("no id", "abc"), ("nobody's", "01890a5d-ac96-774b-bcce-b302099a8057")]
        case .email: [("number", 5), ("no address", "nobody"), ("two at", "a@b@c.de")]
        case .phone: [("number", 5), ("no country", "0123 456")]
        case .link: [("number", 5), ("script", "javascript://x"), ("blank", "a b")]
        case .slug: [("number", 5), ("nothing in it", "!!!")]
        case .currency: [("number", 5), ("unknown", "XXQ")]
        case .zone: [("number", 5), ("unknown", "Mars/Base")]
        case .object: [("text", "x"), ("unknown member", ["no_such": 1])]
        case .map: [("text", "x"), ("array", [1])]
        case .entries: [("number", 5), ("boolean", true), ("array of numbers", [5])]
        case .record(let entities):
            [
                ("number", 5), ("no id", ["entity": .string(entities.first ?? "")]),
                ("no entity", ["id": "01890a5d-ac96-774b-bcce-b302099a8057"]),
                ("another entity", ["entity": "no_such", "id": "01890a5d-ac96-774b-bcce-b302099a8057"]),
            ]
        case .anything: [("text", "x"), ("array", [1])]
        case .value: []
        case .custom: [("text", "x"), ("undefined", ["no_such_field": 1])]
        case .list: [("text", "x"), ("of objects", [["no_such": [:]]])]
        }
    }
}
