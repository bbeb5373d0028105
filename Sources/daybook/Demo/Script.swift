import Foundation
import Kernel
import Shipped
import Yams

/// A story told in commands: files of months, in order, each a list of what is said and what is done.
///
///     month: 2025-01
///     title: A team begins
///     lines:
///       - Mara sets up the first team.
///       - [06, team.create, north, {name: North, region: Europe}]
///
/// A step is the day (or `now`, for what cannot lie before the organization's own beginning), the act, the name under
/// which the story knows the record, and the body. In a body `$north` is that record's id and `on $north` names it as a
/// subject; `$lead/deal_id` is a member of a record, `$spring/cost_recorded/cost_id` what the first such event of it
/// told; `=proposal` is an id that the story gives a part of a record; `4800.00 EUR` is an amount.
struct Script: Sendable {
    let months: [Month]

    struct Month: Sendable {
        /// 2025-01.
        let month: String
        let title: String
        let lines: [Line]
    }
    enum Line: Sendable {
        /// Told to the reader.
        case said(String)
        case done(Step)
    }
    struct Step: Sendable {
        /// Where it stands: of it the Idempotency-Key is made.
        let place: String
        /// When it occurs; nil: now.
        let occurredAt: Instant?
        let entity: String
        let act: String
        /// Empty where the record has no name in the story.
        let name: String
        let body: JSON
    }

    /// The story of that name that comes with Daybook.
    /// - Throws: `Exit` with file and place where a line is not understood.
    init(named name: String) throws {
        try self.init(Shipped.files(in: "demo/\(name)"))
    }

    /// The story in a folder's `.yaml` files, in order of name.
    init(folder: String) throws {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw Exit(.failed, "There is no folder \(folder).")
        }
        try self.init(
            names.filter { $0.hasSuffix(".yaml") }.sorted().map { name in
                (name, try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8))
            })
    }

    private init(_ files: [(name: String, text: String)]) throws {
        months = try files.map { file in
            guard let root = try Yams.compose(yaml: file.text)?.mapping, let month = root["month"]?.scalar?.string,
                let lines = root["lines"]?.sequence
            else { throw Exit(.failed, "\(file.name) has no month with lines.") }
            var days: [String: Int] = [:]
            return Month(
                month: month, title: root["title"]?.scalar?.string ?? "",
                lines: try lines.map { node in
                    if let said = node.scalar?.string { return .said(said) }
                    let day = node.sequence?.first?.scalar?.string ?? ""
                    days[day, default: 0] += 1
                    guard let step = Step(node, month, number: days[day] ?? 1) else {
                        throw Exit(.failed, "\(file.name):\(node.mark?.line ?? 0): a step is [day, act, name, body].")
                    }
                    return .done(step)
                })
        }
    }
}

extension Script.Step {
    /// The steps of a day follow each other by ten minutes, from nine o'clock on.
    fileprivate init?(_ node: Node, _ month: String, number: Int) {
        guard let parts = node.sequence.map(Array.init), (3...4).contains(parts.count),
            let day = parts[0].scalar?.string, let words = parts[1].scalar?.string.split(separator: "."),
            words.count == 2, let name = parts[2].scalar?.string
        else { return nil }
        if day == "now" {
            occurredAt = nil
        } else {
            guard let date = Day("\(month)-\(day)") else { return nil }
            occurredAt = Instant(date, microseconds: Int64(9 * 60 + 10 * number) * 60_000_000)
        }
        (entity, act, self.name) = (String(words[0]), String(words[1]), name)
        body = parts.count == 4 ? JSON(parts[3]) : [:]
        place = "\(month)-\(day)/\(number)/\(parts[1].scalar?.string ?? "")/\(name)"
    }
}

extension JSON {
    /// What a node of YAML says: plain words that are numbers, true or false are such, and amounts are amounts.
    fileprivate init(_ node: Node) {
        switch node {
        case .mapping(let members):
            self = .object(Dictionary(members.map { ($0.key.scalar?.string ?? "", JSON($0.value)) }) { $1 })
        case .sequence(let items): self = .array(items.map { JSON($0) })
        case .scalar(let scalar) where scalar.style != .plain: self = .string(scalar.string)
        case .scalar(let scalar): self = JSON(plain: scalar.string)
        case .alias: self = .null
        }
    }
    private init(plain word: String) {
        let parts = word.split(separator: " ")
        let amount = parts.count == 2 ? Currency(parts[1]).flatMap { Money(decimal: parts[0], currency: $0) } : nil
        self =
            amount?.json ?? Int64(word).map(JSON.integer) ?? Bool(word).map(JSON.bool)
            ?? Double(word).map(JSON.number) ?? (word == "null" ? .null : .string(word))
    }
}
