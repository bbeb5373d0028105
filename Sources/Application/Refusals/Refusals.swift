import CRM
public import Kernel

/// A code by which a program tells why something was refused, and what a person does about it.
public struct ListedRefusal: Sendable, Hashable {
    /// Stable: "deal.not_open". Programs compare it; it is never renamed.
    public let code: String
    /// The HTTP status; nil for what stands in an answer's `errors` or in a reject file.
    public let status: Int?
    /// What it means and what to do, in general; the answer's own `detail` names the values.
    public let detail: String

    init(_ code: String, _ status: Int?, _ detail: String) {
        (self.code, self.status, self.detail) = (code, status, detail)
    }
    /// One that says the same to everybody.
    init(_ problem: Problem) { self.init(problem.code, problem.status, problem.detail) }
}

/// Everything that a client can be refused with, by what refuses.
public struct Refusals: Sendable {
    /// A part of the list.
    public struct Group: Sendable {
        /// What refuses: "Any request", "deal".
        public let title: String
        /// What they have in common.
        public let introduction: String
        /// By code.
        public let refusals: [ListedRefusal]

        init(_ title: String, _ introduction: String, _ refusals: [ListedRefusal]) {
            (self.title, self.introduction) = (title, introduction)
            self.refusals = refusals.sorted { $0.code < $1.code }
        }
    }

    /// First what any request can meet, then what the rules of each entity refuse, then what is wrong with single
    /// members and rows.
    public let groups: [Group]

    /// The list of this build.
    public static let all = Refusals(
        groups: [
            Group("Any request", "Before a command is looked at, or whatever it asks.", requests),
            Group("Who asks", "Signing in, and what a role may do.", access),
            Group("Commands", "Whatever record a command is about.", commands),
            Group("Questions", "Lists, records, reports and tables.", questions),
            Group("The log and its proofs", "What lies under the records.", proofs),
            Group("Files", "Attachments and their bytes.", files),
            Group("Persons", "What is known of a person, and erasing it.", persons),
            Group("Imports and projections", "Mappings, runs and read tables.", imports),
        ] + entities.map(group)
            + [
                Group(
                    "Members of a body", "In `errors` of `body.invalid` and `mapping.invalid`, each with the place.",
                    members),
                Group("Rows of a file", "In the file of rejected rows that an import writes.", rows),
            ])

    private static func group(_ entity: any Entity.Type) -> Group {
        func listed<E: Entity>(_: E.Type) -> [ListedRefusal] {
            E.Rejection.allCases.map { ListedRefusal(.refused($0)) }
        }
        let rules = listed(entity)
        let taken = claimed.filter { $0.code.hasPrefix("\(entity.name).") }
        return Group(entity.name, "What the rules of `\(entity.plural)` refuse.", rules + taken)
    }

    /// What a code means and what to do, in general; nil for one that is not listed.
    static func sentence(of code: String) -> String? { sentences[code] }
    private static let sentences = Dictionary(
        all.groups.flatMap(\.refusals).map { ($0.code, $0.detail) }, uniquingKeysWith: { first, _ in first })

    /// As a program reads it: an array of groups.
    public var json: JSON {
        .array(
            groups.map { group in
                [
                    "title": .string(group.title),
                    "refusals": .array(
                        group.refusals.map {
                            [
                                "code": .string($0.code),
                                "status": $0.status.map { .integer(Int64($0)) } ?? .null, "detail": .string($0.detail),
                            ]
                        }),
                ]
            })
    }

    /// As a page of the documentation.
    public var page: String {
        let parts = groups.map { group in
            let lines = group.refusals.map { refusal in
                "- `\(refusal.code)`\(refusal.status.map { " (\($0))" } ?? ""): \(refusal.detail)"
            }
            return "## \(group.title)\n\n\(group.introduction)\n\n\(lines.joined(separator: "\n"))\n"
        }
        return Self.opening + "\n" + parts.joined(separator: "\n")
    }

    private static let opening = """
        # Refusals

        What is not carried out is answered in the shape of RFC 9457: `code` is what programs compare, `status` is the
        HTTP status, `detail` tells a person what to do, `errors` says which members are wrong. Codes are stable. This
        page is what `tools/daybook refusals` prints; `--format json` prints the same for programs.

        A refused command has written nothing. With 503 and `Retry-After` the same request may be sent again; with an
        `Idempotency-Key` it is safe to do so even where the answer got lost.

        """
}
