import Foundation
import HTTPTypes
import Testing

@testable import API

/// The tables of docs/sources.md, as the dialects themselves tell them.
enum Page {
    static let text = Dialect.all.map(section).joined(separator: "\n")

    private static func section(_ dialect: Dialect) -> String {
        var lines = ["## \(dialect.name): `\(dialect.prefix)`", "", "| asked | answered by |", "|---|---|"]
        for row in dialect.rows {
            let targets = row.targets.map { target in
                let condition = target.condition.map { " where `\($0.member)` is \($0.words.joined(separator: ", "))" }
                return "`\(target.method.rawValue) \(target.path)`" + (condition ?? "")
            }
            lines.append("| `\(row.method.rawValue) \(row.path)` | \(targets.joined(separator: ", else ")) |")
        }
        lines += dialect.gaps.map { "| `\($0.method.rawValue) \($0.path)` | nothing: \($0.why) |" }
        lines += ["", "| of | name | stands for |", "|---|---|---|"]
        for (entity, vocabulary) in dialect.vocabularies.sorted(by: { $0.key < $1.key }) {
            for term in vocabulary.terms { lines.append("| \(entity) | `\(term.theirs)` | \(meaning(term)) |") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func meaning(_ term: Term) -> String {
        let place = "`\(term.ours.joined(separator: "."))`"
        func list(_ words: [String: String]) -> String {
            words.sorted { $0.key < $1.key }.map { "`\($0.value)` for `\($0.key)`" }.joined(separator: ", ")
        }
        switch term.form {
        case .same where term.shown == term.ours: return place
        case .same: return "\(place), shown as `\(term.shown[0])`"
        case .shown: return "\(place), only shown"
        case .words(let words): return "\(place): \(list(words))"
        case .money(.minor, let currency): return "\(place) in minor units, with `\(currency)`"
        case .money(.decimal, let currency): return "\(place) as a number, with `\(currency)`"
        case .record(let id, _, let words): return "\(place), with `\(id)`" + (words.isEmpty ? "" : ": \(list(words))")
        case .about(let entity, let beside):
            return "\(place), where it is one of the kind `\(entity)`" + (beside.map { ", else `\($0)`" } ?? "")
        case .stage(.name): return "\(place), by its name"
        case .stage(.snake): return "\(place), by its name: `closed_won`"
        case .acts(_, let changes):
            return "\(place), by acts: " + changes.map { "`\($0.to)` by `\($0.act)`" }.joined(separator: ", ")
        case .always(let word): return "always `\(word)`"
        case .contacts: return "\(place), by ids of contacts"
        case .dueBefore: return "`due_day.lt` of a day, `due_at.lt` of a moment"
        case .event(let words): return "\(place) without its entity: \(list(words))"
        }
    }
}

struct PageTests {
    @Test func `the page of the sources tells every row, name and gap`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/sources.md"), encoding: .utf8)
        let wanted = FileManager.default.temporaryDirectory.appending(path: "sources.md")
        if !page.hasSuffix(Page.text) { try Page.text.write(to: wanted, atomically: true, encoding: .utf8) }
        #expect(page.hasSuffix(Page.text), "docs/sources.md ends with the tables that are now in \(wanted.path)")
    }
}
