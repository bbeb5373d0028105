import Application
import FoundationEssentials
import HTTPTypes
import Kernel

// MARK: What do mail programs ask?

extension Routes {
    /// `/emails/archive`, and `/lookup` of whoever wrote.
    var emails: [Route] { [archiving, lookup] }

    private var archiving: Route {
        Route(
            .post, "\(Self.base)/emails/archive",
            "Archive an e-mail as it was sent; who had part in it is found by address.",
            parameters: .only([
                Route.Described(name: "about", detail: "What it is about: deal:ID."),
                Route.Described(name: "create", detail: "contacts: those who are not known are made contacts."),
            ]),
            body: .message(Schema.message, limit: Limits.message), answer: .json(["type": "object"], position: true),
            handler: .known { [emails = services.emails] exchange, caller throws(Problem) in
                let wish = try Emails.Wish(exchange.query)
                let archived = try await emails.archive(
                    try Self.message(exchange), wish, by: caller, key: exchange.conditions.key,
                    min: exchange.conditions.minimum)
                var outcome = Outcome(
                    status: archived.isNew ? 201 : 200, archived.json, position: archived.position)
                outcome.version = archived.version
                if archived.isNew { outcome.location = "\(Self.base)/interactions/\(archived.id.text)" }
                return outcome
            })
    }

    private var lookup: Route {
        Self.question(
            "/lookup", "Whom an e-mail address belongs to, with what one wants to see beside a message of theirs.",
            .only([Route.Described(name: "email", detail: "The address, whatever its case.")]),
            services.emails.lookup)
    }

    /// The message of a body: the body itself, or what its JSON holds as text or in base64.
    private static func message(_ exchange: Exchange) throws(Problem) -> [UInt8] {
        if exchange.body == .null { return exchange.bytes }
        guard let members = exchange.body.object else {
            throw .invalid([Flaw("", "wrong_type", "an object is expected, not \(exchange.body.kind)")])
        }
        for name in members.keys where name != "text" && name != "base64" {
            throw .invalid([
                Flaw("/\(Pointer.escape(name))", "unknown_member", "there is no such member; known are base64, text")
            ])
        }
        switch (members["text"]?.string, members["base64"]?.string) {
        case (let text?, nil): return Array(text.utf8)
        case (nil, let text?):
            guard let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters) else {
                throw .invalid([Flaw("/base64", "malformed", "this is not base64")])
            }
            return Array(data)
        case (nil, nil), (_?, _?):
            throw .invalid([Flaw("/text", "required", "text or base64 must be given, one of them, as a string")])
        }
    }
}

extension Schema {
    /// A message within JSON.
    static let message: JSON = [
        "type": "object", "additionalProperties": false, "minProperties": 1, "maxProperties": 1,
        "properties": [
            "text": ["type": "string", "description": "The message as it was sent, where it is UTF-8."],
            "base64": ["type": "string", "contentEncoding": "base64", "contentMediaType": "message/rfc822"],
        ],
    ]
}
