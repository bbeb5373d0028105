import ArgumentParser
import Kernel

/// `daybook import revert ID`.
struct ImportRevert: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revert", abstract: "Take an import back, its changes to records that were there included.",
        discussion: """
            What the import made is archived; what it changed has again what it had. A record that somebody changed
            since is left as it is and told; then the exit code is 2. Importing the file again restores what was
            archived. The ID is what the import printed.
            """)

    @Argument(help: "The import's id.") var id: String
    @Flag(help: "Tell what would be, and change nothing.") var dryRun = false
    @Option(help: "The organization, where the owner has several.") var organization: String?
    @Option(help: "The server. [environment: DAYBOOK_URL]") var url: String?
    @OptionGroup var place: Place
    @OptionGroup var output: Output

    func run() async throws {
        try await ImportServer.asked(place, url: url, organization: organization) { try await revert($0) }
    }

    private func revert(_ client: Client) async throws {
        var (counts, exceptions) = ([String: Int64](), [JSON]())
        var next: JSON? = nil
        repeat {
            var body: [String: JSON] = ["dry_run": .bool(dryRun)]
            body["from"] = next
            let page = try await client.post("/imports/\(id)/revert", .object(body))
            for word in Self.words { counts[word, default: 0] += page[word]?.integer ?? 0 }
            for item in page["results"]?.array ?? [] where item["result"] == "refused" {
                if exceptions.count < Self.told { say(Self.sentence(item)) }
                exceptions.append(item)
            }
            next = page["next"].flatMap { $0 == .null ? nil : $0 }
            if next != nil { say("\(counts.values.reduce(0, +)) records so far") }
        } while next != nil
        var result = counts.mapValues { JSON.integer($0) }
        result["import"] = .string(id)
        result["records"] = .integer(counts.values.reduce(0, +))
        result["exceptions"] = .array(exceptions)
        output.result(.object(result)) {
            Self.words.map { "\(counts[$0] ?? 0) \($0)" }.joined(separator: ", ") + (dryRun ? " (nothing is done)" : "")
        }
        if !exceptions.isEmpty { throw Exit(.found) }
    }

    private static let words = ["done", "unchanged", "refused"]
    /// How many exceptions a person is told; a program is told all.
    private static let told = 50

    /// "deal 0190…: Somebody changed this record since; … (deal.moved, deal.won)".
    private static func sentence(_ item: JSON) -> String {
        let used = (item["problem"]?["used_by"]?.array ?? []).map { use in
            let records = (use["records"]?.array ?? []).compactMap(\.string).joined(separator: " ")
            return "\(use["entity"]?.string ?? "").\(use["field"]?.string ?? ""): \(records)"
        }
        let changes = (item["problem"]?["changed"]?.array ?? []).compactMap { $0["type"]?.string } + used
        let what = changes.isEmpty ? "" : " (\(changes.joined(separator: ", ")))"
        let detail = item["problem"]?["detail"]?.string ?? ""
        return "\(item["entity"]?.string ?? "") \(item["id"]?.string ?? ""): \(detail)\(what)"
    }
}
