import Application
import CRM
import HTTPTypes
import Kernel

// MARK: Which records may be the same?

extension Routes {
    /// `/duplicates`, and those of one record; what comes of them are acts of the records.
    var duplicates: [Route] {
        let queries = services.queries
        let shown = [Route.Described(name: "dismissed", detail: "true: those that somebody said only look the same.")]
        let all = Self.question(
            "/duplicates", "Records that may be the same, by twos and with the reasons, the last to arrive first.",
            .only([Route.Described(name: "entity", detail: "account, contact or lead.")] + shown + Describing.paging),
            answer: Schema.duplicates, queries.duplicates)
        let ofOne = services.entities.filter { mergeables.contains($0.name) }.map { entity in
            let name = entity.name
            return Self.question(
                "/\(entity.plural)/{id}/duplicates", of: name,
                "The records that may be the same as one of the \(entity.plural), with the reasons.",
                .only(shown + Describing.paging), answer: Schema.duplicates
            ) { id, parameters, caller, minimum throws(Problem) in
                try await queries.duplicates(of: name, id, parameters, by: caller, min: minimum)
            }
        }
        return [all] + ofOne
    }
}

extension Schema {
    /// A page of pairs.
    static let duplicates: JSON = [
        "type": "object",
        "properties": [
            "items": ["type": "array", "items": pair],
            "next": ["type": ["string", "null"]], "position": ["type": "integer"],
        ],
    ]
    private static let pair: JSON = [
        "type": "object",
        "properties": [
            "score": ["type": "number", "minimum": 0, "maximum": 1],
            "reasons": [
                "type": "array",
                "items": [
                    "type": "object",
                    "properties": [
                        "by": ["enum": ["email", "phone", "domain", "name"]],
                        "values": ["type": "array", "items": ["type": "string"]],
                        "similarity": ["type": "number", "minimum": 0, "maximum": 1],
                    ],
                ],
            ],
            "records": ["type": "array", "minItems": 2, "maxItems": 2, "items": ["type": "object"]],
            "resolution": ["enum": ["merge", "convert"]], "dismissed": ["type": ["object", "null"]],
        ],
    ]
}
