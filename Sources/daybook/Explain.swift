import ArgumentParser
import FoundationEssentials
import Kernel
import Projections

/// `daybook explain TABLE KEY [COLUMN]`.
struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell how a row came to be what it is: the events that made it, who caused them, when and by what.",
        discussion: """
            Each event is folded as the projector folds it. With a column, only those events that changed it are told.
            """)

    @Argument(help: "A projection, by name.") var table: String
    @Argument(help: "The row's id, or the values of its key with commas between.") var key: String
    @Argument(help: "A column.") var column: String?
    @Option(help: "Whose row, where several organizations have one of that key.") var organization: String?
    @OptionGroup var place: Place
    @OptionGroup var output: Output

    func run() async throws {
        let id = organization.flatMap(UUID.init(text:))
        if organization != nil && id == nil { throw Exit(.failed, "--organization takes an organization's id.") }
        let told = try await place.readModels { [table, key, column] in
            try await $0.explain(table, key: key, column: column, organization: id)
        }
        output.result(told.json) {
            (["\(told.projection) \(told.id.text), at position \(told.position)"] + told.steps.map(\.lines)
                + (told.row == nil ? ["There is no such row."] : []))
                .joined(separator: "\n")
        }
    }
}

extension Explanation.Step {
    /// For people: a line for the event, and one for each change.
    fileprivate var lines: String {
        let words = ["act", "import", "request", "cause"].compactMap { name in
            meta[name].map { "\(name) \($0.string ?? $0.text)" }
        }
        let actor = "\(meta["actor_kind"]?.string ?? "actor") \(actor.text)"
        let head = "\(position)  \(occurredAt.text)  \(type)  by \(actor)  " + words.joined(separator: ", ")
        let gone = removes ? ["    takes the row away"] : []
        return ([head] + gone + changes.map { "    \($0.column): \($0.from.said) → \($0.to.said)" })
            .joined(separator: "\n")
    }
}

extension JSON {
    fileprivate var said: String { self == .null ? "nothing" : text }
}
