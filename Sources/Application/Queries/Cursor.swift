import FoundationEssentials
import Kernel
import Vault

/// Where a page of a list ended: the sort keys and id of its last row. Opaque to clients and signed; bound to the
/// organization, to what was asked, and to the log it was read from.
struct Cursor: Sendable, Equatable {
    /// The last row's values of the sort keys, null where it has none.
    let keys: [JSON]
    let id: UUID
    /// What state of the log the page showed.
    let position: PositionToken
    /// What was asked for, so that a cursor is not used for another question.
    let shape: [UInt8]

    /// Bytes of the signature.
    private static let signed = 16

    /// The digest of what a list is asked for.
    static func shape(_ subject: String, _ request: [String]) -> [UInt8] {
        var hash = SHA256()
        for part in [subject] + request { hash.update(JSON.string(part).bytes) }
        return Array(hash.finish().prefix(12))
    }

    /// The text that clients hand back.
    func text(organization: UUID, key: [UInt8]) -> String {
        let body = JSON.array([
            .array(keys), .string(id.text), .string(position.text), .string(Data(shape).base64EncodedString()),
        ]).bytes
        let signature = Cursor.sign(body, organization, key)
        return Data(signature + body).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    /// Reads a cursor of this organization and this question.
    init(_ text: String, shape: [UInt8], organization: UUID, key: [UInt8]) throws(Problem) {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        let padded = plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        guard text.utf8.count <= 8_000, let data = Data(base64Encoded: padded), data.count > Cursor.signed else {
            throw .badCursor("It is not one that a list gave.")
        }
        let (signature, body) = (Array(data.prefix(Cursor.signed)), Array(data.dropFirst(Cursor.signed)))
        guard isEqual(signature, Cursor.sign(body, organization, key)),
            let items = try? JSON(parsing: body).array, items.count == 4, let keys = items[0].array,
            let id = items[1].string.flatMap({ UUID(text: $0) }),
            let position = items[2].string.flatMap({ PositionToken($0) }), let given = items[3].string
        else { throw .badCursor("It is not one that a list gave.") }
        guard given == Data(shape).base64EncodedString() else {
            throw .badCursor("It belongs to a list with other filters, another order or another moment.")
        }
        (self.keys, self.id, self.position, self.shape) = (keys, id, position, shape)
    }

    init(keys: [JSON], id: UUID, position: PositionToken, shape: [UInt8]) {
        (self.keys, self.id, self.position, self.shape) = (keys, id, position, shape)
    }

    private static func sign(_ body: [UInt8], _ organization: UUID, _ key: [UInt8]) -> [UInt8] {
        var code = HMAC(key: key)
        code.update(part: Array("daybook.cursor".utf8))
        code.update(part: Array(organization.text.utf8))
        code.update(part: body)
        return Array(code.finish().prefix(signed))
    }
}

extension Problem {
    static func badCursor(_ why: String) -> Problem {
        Problem("cursor.invalid", 400, "The cursor cannot be used. \(why) Start from the first page.")
    }
}
