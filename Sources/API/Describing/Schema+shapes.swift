import Kernel

// MARK: What has a shape that no field tells?

extension Schema {
    /// What a command answers.
    static let done: JSON = [
        "type": "object", "required": ["id", "version", "position"],
        "properties": [
            "id": ["type": "string", "format": "uuid"], "version": ["type": "integer"], "position": ["type": "integer"],
            "made": [
                "type": "array", "description": "The other records that the command made.",
                "items": [
                    "type": "object", "required": ["entity", "id", "version"],
                    "properties": [
                        "entity": ["type": "string"], "id": ["type": "string", "format": "uuid"],
                        "version": ["type": "integer"],
                    ],
                ],
            ],
            "warnings": [
                "type": "array",
                "description": "What was carried out and should be looked at, by the code that would refuse it.",
                "items": [
                    "type": "object", "required": ["code", "existing_ids"],
                    "properties": [
                        "code": ["type": "string"],
                        "existing_ids": ["type": "array", "items": ["type": "string", "format": "uuid"]],
                    ],
                ],
            ],
        ],
    ]

    /// RFC 9457.
    static let problem: JSON = [
        "type": "object", "required": ["type", "title", "status", "code", "detail", "errors", "request_id"],
        "properties": [
            "type": ["type": "string"], "title": ["type": "string"], "status": ["type": "integer"],
            "code": ["type": "string"], "detail": ["type": "string"], "request_id": ["type": "string"],
            "errors": [
                "type": "array",
                "items": [
                    "type": "object",
                    "properties": [
                        "pointer": ["type": "string"], "code": ["type": "string"], "detail": ["type": "string"],
                    ],
                ],
            ],
        ],
    ]

    /// A body of `/commands`.
    static let batch: JSON = [
        "type": "object", "required": ["commands"], "additionalProperties": false,
        "properties": [
            "atomic": ["type": "boolean"],
            "commands": [
                "type": "array", "maxItems": 1000, "minItems": 1,
                "items": [
                    "type": "object", "required": ["entity", "command"], "additionalProperties": false,
                    "properties": [
                        "entity": ["type": "string"], "command": ["type": "string"],
                        "id": ["type": "string", "format": "uuid"],
                        "external": [
                            "type": "object", "required": ["source", "id"],
                            "properties": ["source": ["type": "string"], "id": ["type": "string"]],
                        ],
                        "body": ["type": "object"], "occurred_at": ["type": "string", "format": "date-time"],
                        "key": ["type": "string", "maxLength": 200], "if_match": ["type": "integer"],
                    ],
                ],
            ],
        ],
    ]

    /// What `/commands` answers: for each command what it did, or its problem.
    static let results: JSON = [
        "type": "object", "required": ["results"],
        "properties": [
            "results": [
                "type": "array",
                "items": ["anyOf": [["$ref": "#/components/schemas/Done"], ["$ref": "#/components/schemas/Problem"]]],
            ]
        ],
    ]

    /// Rows of a report.
    static let report: JSON = [
        "type": "object", "required": ["rows", "position"],
        "properties": [
            "position": ["type": "integer"],
            "rows": [
                "type": "array",
                "items": [
                    "type": "object",
                    "properties": [
                        "key": ["type": ["string", "null"]], "label": ["type": ["string", "null"]],
                        "currency": ["type": ["string", "null"]], "value": ["type": ["number", "null"]],
                        "count": ["type": "integer"],
                    ],
                ],
            ],
        ],
    ]
}

/// Query parameters that the queries check themselves, described for people.
enum Describing {
    /// What takes an answer back in time.
    static let moment = [
        Route.Described(
            name: "as_of", detail: "What was true then: an instant, or a day, which counts to its end."),
        Route.Described(
            name: "as_known", detail: "What had been recorded by then. With both, what was true and known."),
    ]

    /// What makes an answer tell amounts in the organization's own currency as well.
    static let base = [
        Route.Described(name: "base", detail: "true: amounts in the organization's own currency as well."),
        Route.Described(name: "rate_date", detail: "The day whose rates count, instead of today; it implies base."),
    ]

    /// Those of lists.
    static let listing =
        [
            Route.Described(
                name: "filter",
                detail: "Tests joined by and, or, not: and(amount.gte.5,not(owner_id.null.true)). See docs/lists.md."),
            Route.Described(name: "sort", detail: "Fields to sort by, - before one for descending: -amount,name."),
            Route.Described(name: "limit", detail: "How many records at most, 1 to 200."),
            Route.Described(name: "cursor", detail: "The next of the page before."),
            Route.Described(name: "page", detail: "The number of a page, from 1; instead of cursor."),
            Route.Described(name: "page_size", detail: "How many records a page has; instead of limit."),
            Route.Described(name: "q", detail: "Words to search for."),
            Route.Described(name: "total", detail: "exact: count all that match."),
            Route.Described(name: "external_id", detail: "source:id of an imported record."),
            Route.Described(
                name: "{field}",
                detail:
                    "A value the field must have; {field}.gte, .lte, .gt, .lt, .between, .ne, .in, .nin, .contains, "
                    + ".starts_with, .null compare otherwise."),
        ] + record

    /// Those of a whole list: none that choose a page of it.
    static let exporting =
        [
            Route.Described(
                name: "format",
                detail:
                    "csv (where not said), jsonl, mapping: that by which an import reads these again, or closing: the "
                    + "same for what ends records or refers back."),
            Route.Described(
                name: "past",
                detail: "true: what happened to each record since it was made, as acts, in the column past."),
        ] + listing.filter { !["limit", "cursor", "page", "page_size", "total"].contains($0.name) }

    /// Those of one record.
    static let record =
        [
            Route.Described(name: "fields", detail: "Which members to answer: id,title,account.name."),
            Route.Described(name: "include", detail: "Records that it refers to, shown with it: account,owner."),
        ] + moment

    /// Those of what is read in pages, from the first on.
    static let paging = [
        Route.Described(name: "limit", detail: "How many at most, 1 to 200."),
        Route.Described(name: "cursor", detail: "The next of the page before."),
    ]

    /// Those of the report on stages.
    static let stages =
        [
            Route.Described(name: "from", detail: "The first day of entering a stage that counts."),
            Route.Described(name: "to", detail: "The last day of entering a stage that counts."),
            Route.Described(name: "{field}", detail: "A value the spans must have: pipeline_id, owner_id, kind."),
        ] + moment

    /// Those of the report on deals.
    static let deals =
        [
            Route.Described(
                name: "measure", detail: "won_amount, open_amount, weighted_amount, count, win_rate or days_to_win."),
            grouping,
        ] + facts + base + moment

    private static let grouping = Route.Described(
        name: "by",
        detail: "stage, pipeline, quarter, month, owner, team, region, account, product, source, reason, competitor or "
            + "none.")
    private static let facts = [
        Route.Described(name: "from", detail: "The first day counted."),
        Route.Described(name: "to", detail: "The last day counted."),
        Route.Described(name: "{field}", detail: "A value the deals must have, as in lists."),
    ]

    /// Those of the forecast.
    static let forecast = facts + base + moment
    /// Those of the report on what was won and lost.
    static let outcomes = [grouping] + facts + base + moment
}
