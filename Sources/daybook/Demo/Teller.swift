import Application
import CRM
import Foundation
import Kernel
import Vault

/// Carries out a script over HTTP, one command after the other. The key of each is made of its place in the script, and
/// new records have ids made of their names: telling it again changes nothing.
struct Teller {
    /// How many commands were carried out, now or when it was told before.
    private(set) var steps = 0
    /// The acts that were used, as `entity.act`.
    private(set) var acts: Set<String> = []
    /// The position after the last command.
    private(set) var position: Int64 = 0

    private let client: Client
    private let source: String
    private var known: [String: Known] = [:]

    private struct Known {
        let entity: String
        let id: String
    }

    /// - Parameter source: whose names those of the records are.
    init(_ client: Client, source: String) async throws {
        (self.client, self.source) = (client, source)
        let me = try await client.get("/me")
        if let id = me["member"]?.string { known["me"] = Known(entity: Member.name, id: id) }
    }

    /// Carries out one step.
    /// - Throws: `Exit` with the place and what the server refused.
    mutating func tell(_ step: Script.Step) async throws {
        let body = try await resolved(step.body, at: step)
        var command: [String: JSON] = [
            "entity": .string(step.entity), "command": .string(step.act), "body": body,
            "key": .string("\(source)/\(step.place)"),
        ]
        command["occurred_at"] = step.occurredAt.map { .string($0.text) }
        if step.name.hasPrefix("$") {
            command["id"] = try await reference(step.name.dropFirst(), at: step)
        } else if let known = known[step.name] {
            command["id"] = .string(known.id)
        } else if !step.name.isEmpty, CRM.entity(named: step.entity)?.id(for: body) == nil {
            command["external"] = ["source": .string(source), "id": .string(step.name)]
        }
        let result = try await result(of: .object(command), at: step)
        guard let id = result["id"]?.string else { throw Self.refused(step, result) }
        if !step.name.isEmpty { known[step.name] = Known(entity: step.entity, id: id) }
        position = max(position, result["position"]?.integer ?? 0)
        acts.insert("\(step.entity).\(step.act)")
        steps += 1
    }

    /// What one command came to; a batch of one, since only there it can be backdated.
    private func result(of command: JSON, at step: Script.Step) async throws -> JSON {
        do {
            let answer = try await client.post("/commands", ["commands": [command]])
            return answer["results"]?.array?.first ?? answer
        } catch let problem as Problem {
            throw Self.refused(step, problem.json(request: ""))
        }
    }

    private static func refused(_ step: Script.Step, _ problem: JSON) -> Exit {
        let flaws = (problem["errors"]?.array ?? []).map {
            " \($0["pointer"]?.string ?? ""): \($0["detail"]?.string ?? "")."
        }
        return Exit(.failed, "\(step.place): \(problem["detail"]?.string ?? problem.text)\(flaws.joined())")
    }

    // MARK: Whom does a body name?

    private func resolved(_ json: JSON, at step: Script.Step) async throws -> JSON {
        switch json {
        case .string(let text) where text.hasPrefix("on $"):
            let record = try record(text.dropFirst(4), at: step)
            return ["entity": .string(record.entity), "id": .string(record.id)]
        case .string(let text) where text.hasPrefix("$"): return try await reference(text.dropFirst(), at: step)
        case .string(let text) where text.hasPrefix("="): return .string(part(text))
        case .array(let items):
            var result: [JSON] = []
            for item in items { result.append(try await resolved(item, at: step)) }
            return .array(result)
        case .object(let members):
            var result: [String: JSON] = [:]
            for (name, value) in members {
                let key =
                    name.hasPrefix("$")
                    ? try record(name.dropFirst(), at: step).id : name.hasPrefix("=") ? part(name) : name
                result[key] = try await resolved(value, at: step)
            }
            return .object(result)
        case .null, .bool, .integer, .number, .string: return json
        }
    }

    /// The id that the story gives a part of a record: a stage, a line.
    private func part(_ name: String) -> String { UUID.v8(SHA256.hash(Array("\(source) \(name)".utf8))).text }

    private func record(_ name: Substring, at step: Script.Step) throws -> Known {
        guard let record = known[String(name)] else { throw Exit(.failed, "\(step.place): nobody knows \(name) yet.") }
        return record
    }

    /// `$name`, `$name/deal_id`, or `$name/cost_recorded/cost_id`: what the first such event of the record told.
    /// History says the same for ever, so that a story that is told again asks for the same.
    private func reference(_ text: Substring, at step: Script.Step) async throws -> JSON {
        let parts = text.split(separator: "/").map(String.init)
        let record = try record(text.prefix { $0 != "/" }, at: step)
        guard parts.count > 1, let plural = CRM.entity(named: record.entity)?.plural else { return .string(record.id) }
        let path = "/\(plural)/\(record.id)"
        let found: JSON?
        if parts.count == 2 {
            found = try await client.get(path, showing: position)[parts[1]]
        } else {
            let events = try await client.get("\(path)/history?limit=200")["items"]?.array ?? []
            found = events.first { $0["type"]?.string == "\(record.entity).\(parts[1])" }?["data"]?[parts[2]]
        }
        guard let found else { throw Exit(.failed, "\(step.place): nothing is known of \(text).") }
        return found
    }
}
