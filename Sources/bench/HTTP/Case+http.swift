import Foundation
import Kernel

// MARK: What is asked by many at once?

extension Case {
    private static let connections = 64

    /// What the server does for any request: it takes it, looks for its route, and answers that there is none.
    static func emptyRoute(_ port: UInt16) -> Case {
        Case(.emptyRoute) { duration in
            let request = Wire.request("GET", "/nothing", token: nil)
            return try await Wire.load(connections, port: port, for: duration, statuses: [404]) { _ in { _ in request }
            }
        }
    }

    /// Contacts, each as likely as any other.
    static func pointRead(_ port: UInt16, _ client: Client) -> Case {
        Case(.pointRead) { duration in
            let ids = try Ids.some(5_000, port, client)
            return try await Wire.load(connections, port: port, for: duration, statuses: [200]) { number in
                var dice = Dice(seed: number)
                return { _ in
                    let id = ids[Int(dice.next() % UInt64(ids.count))]
                    return Wire.request("GET", "/api/v1/contacts/\(id)", token: client.token)
                }
            }
        }
    }

    /// A contact is created and then edited, each under an Idempotency-Key.
    static func command(_ port: UInt16, _ client: Client) -> Case {
        Case(.command) { duration in
            try await Wire.load(connections, port: port, for: duration, statuses: [200, 201]) { _ in
                var dice = Dice(seed: Seeds.next())
                var made: String?
                return { last in
                    let key = String(dice.next(), radix: 36)
                    // Every other answer tells of a contact that is new.
                    let id = made == nil && last?.status == 201 ? last?.json["id"]?.string : nil
                    made = id
                    if let id {
                        return Wire.request(
                            "PATCH", "/api/v1/contacts/\(id)", token: client.token, key: key,
                            body: #"{"title":"Head of \#(key)"}"#)
                    }
                    return Wire.request(
                        "POST", "/api/v1/contacts", token: client.token, key: key,
                        body: #"{"first_name":"Ada","last_name":"\#(key)","lead_source":"web"}"#)
                }
            }
        }
    }

    // MARK: - What is asked one after the other?

    /// A list of 50 at its first page and at its thousandth, or as far as it goes, in turns.
    static func depths(_ wire: Wire, _ client: Client, _ contacts: Int, _ times: Int) throws -> [Case] {
        let path = "/api/v1/contacts?limit=50"
        let depth = min(1_000, contacts / 50 - 1)
        func request(_ cursor: String?) -> [UInt8] {
            Wire.request("GET", path + (cursor.map { "&cursor=\($0)" } ?? ""), token: client.token)
        }
        talk("turning to page \(depth)")
        var cursor: String?
        for _ in 1..<depth { cursor = try wire.ask(request(cursor)).json["next"]?.string }
        let asked = Asked(wire)
        let (first, deep) = (request(nil), request(cursor))
        // Both at once, in turns: whatever else the machine does meets both.
        let samples = try asked.both(first, deep, times * 5)
        return [Case(.page(1)) { _ in samples.0 }, Case(.page(1_000)) { _ in samples.1 }]
    }

    /// A question by one client who asks one after the other: how long an answer takes.
    static func question(
        _ name: String, _ paths: [String], _ wire: Wire, _ client: Client, _ times: Int
    ) -> Case {
        let asked = Asked(wire)
        let requests = paths.map { Wire.request("GET", $0, token: client.token) }
        return Case(Key(name, writers: 1, organizations: client.contacts)) { _ in
            try asked.each(requests, times, name)
        }
    }
}

/// One connection, whose answers are timed. Cases run one after the other.
private struct Asked: @unchecked Sendable {
    private let wire: Wire

    init(_ wire: Wire) { self.wire = wire }

    private func time(_ request: [UInt8]) throws -> Int64 {
        let before = ContinuousClock.now
        let answer = try wire.ask(request)
        guard answer.status == 200 else {
            throw Wire.Broken(description: "answered \(answer.status): \(answer.json.text.prefix(300))")
        }
        return (ContinuousClock.now - before).inNanoseconds
    }

    func both(_ one: [UInt8], _ other: [UInt8], _ times: Int) throws -> (Sample, Sample) {
        var all: ([Int64], [Int64]) = ([], [])
        for _ in 0..<times {
            all.0.append(try time(one))
            all.1.append(try time(other))
        }
        return (sample(all.0), sample(all.1))
    }

    /// In turns, once unmeasured, then so often, or for three seconds.
    func each(_ requests: [[UInt8]], _ times: Int, _ name: String) throws -> Sample {
        do {
            _ = try time(requests[0])
            var all: [Int64] = []
            let start = ContinuousClock.now
            for number in 0..<times where all.count < 5 || ContinuousClock.now - start < .seconds(3) {
                all.append(try time(requests[number % requests.count]))
            }
            return sample(all)
        } catch let error as Wire.Broken {
            throw Wire.Broken(description: "\(name) \(error)")
        }
    }

    private func sample(_ times: [Int64]) -> Sample {
        let sorted = times.sorted()
        var sample = Sample(times, within: .nanoseconds(times.reduce(1, +)))
        sample.notes["p95 ms"] = Double(sorted[Int(Double(sorted.count - 1) * 0.95)]) / 1e6
        return sample
    }
}

/// Ids of contacts, from anywhere in their list.
private enum Ids {
    static func some(_ count: Int, _ port: UInt16, _ client: Client) throws -> [String] {
        let wire = try Wire(port: port)
        var ids: [String] = []
        let pages = max(1, min(count, client.contacts) / 200)
        let step = max(1, min(400, client.contacts / 200 / pages))
        for page in stride(from: 1, through: step * pages, by: step) where page * 200 <= client.contacts {
            let path = "/api/v1/contacts?fields=id&page_size=200&page=\(page)"
            let items = try wire.ask(Wire.request("GET", path, token: client.token)).json["items"]?.array ?? []
            ids += items.compactMap { $0["id"]?.string }
        }
        if ids.isEmpty { throw Wire.Broken(description: "there are no contacts") }
        return ids
    }
}

extension Goal {
    /// What a client of the API must meet.
    static let http = [
        rate("P8", "command over HTTP / empty route", 0.25, .command, .emptyRoute),
        rate("P9", "point read over HTTP / empty route", 0.45, .pointRead, .emptyRoute),
        Goal(row: "P10", what: "list of 50, p50 at page 1,000 / page 1", goal: 1.2, isCeiling: true) { pass in
            guard let deep = pass[.page(1_000)], let first = pass[.page(1)] else { return nil }
            return deep.p50 / first.p50
        },
        Goal(row: "P12", what: "the slowest question's p95, ms", goal: 50, isCeiling: true) { pass in
            pass.filter { $0.key.name.hasPrefix("GET ") }.compactMap { $0.value.notes["p95 ms"] }.max()
        },
        Goal(row: "P13 at rest", what: "MB at rest", goal: 100, isCeiling: true) { $0[.memory]?.notes["rest MB"] },
        Goal(row: "P13 under load", what: "MB under load", goal: 400, isCeiling: true) { pass in
            pass[.memory]?.notes["most MB"]
        },
    ]
}

extension Case.Key {
    static let emptyRoute = Case.Key("empty route, 64 connections", writers: 64)
    static let pointRead = Case.Key("point read, 64 connections", writers: 64)
    static let command = Case.Key("command, 64 connections", writers: 64)
    static func page(_ number: Int) -> Case.Key { Case.Key("contacts, 50 a page, page \(number)", writers: 1) }
    static let memory = Case.Key("memory of the server", writers: 64)
}
