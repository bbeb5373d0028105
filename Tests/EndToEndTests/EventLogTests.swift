import Foundation
import Testing

/// A process log as history, and what an analyst makes of it: projections that were written afterwards say exactly what
/// a few lines of Python say of the file.
@Suite(.serialized) struct EventLogTests {
    private static let file: String? = {
        let shared = ProcessInfo.processInfo.environment["DAYBOOK_SHARED"] ?? "../shared"
        let path = shared + "/data/eventlogs/bpic2013_closed_problems.csv.gz"
        return FileManager.default.isReadableFile(atPath: path) ? path : nil
    }()

    /// As an analyst writes them.
    private static let definitions = [
        "activities": """
        projection: activities
        description: How often what happened
        key: [activity]
        columns: {activity: text, events: bigint}
        on:
          interaction.logged:
            - {when: {.kind: platform_event}, activity: .name, events: {add: 1}}
        """,
        "months": """
        projection: months
        description: How much happened in which month
        key: [month]
        columns: {month: text, events: bigint}
        on:
          interaction.logged:
            - {when: {.kind: platform_event}, month: {month: $occurred_at}, events: {add: 1}}
        """,
        "cases": """
        projection: cases
        description: What happened last in each case
        key: [case_id]
        columns: {case_id: uuid, events: bigint, last_activity: text, last_at: timestamptz}
        on:
          interaction.logged:
            - when: {.kind: platform_event}
              case_id: .subject.id
              events: {add: 1}
              last_activity: .name
              last_at: $occurred_at
        """,
    ]

    private static let python = """
        import csv, gzip, json, sys
        from collections import Counter
        from datetime import datetime, timezone
        rows = list(csv.DictReader(gzip.open(sys.argv[1], "rt", encoding="utf-8")))
        when = lambda row: datetime.fromisoformat(row["timestamp"]).astimezone(timezone.utc)
        last = {}
        for row in rows: last[row["case_id"]] = [row["activity"], int(when(row).timestamp())]
        print(json.dumps({
            "rows": len(rows), "activities": Counter(row["activity"] for row in rows),
            "months": Counter(when(row).strftime("%Y-%m") for row in rows), "last": last,
            "events": Counter(row["case_id"] for row in rows),
            "first": [row["activity"] for row in rows if row["case_id"] == rows[0]["case_id"]],
            "case": rows[0]["case_id"]}))
        open(sys.argv[2], "wb").write(gzip.open(sys.argv[1]).read())
        """

    private struct Expected: Decodable {
        let rows: Int
        let activities, months, events: [String: Int]
        let last: [String: [Value]]
        let first: [String]
        let `case`: String

        enum Value: Decodable, Hashable {
            case text(String), number(Int)
            init(from decoder: any Decoder) throws {
                let one = try decoder.singleValueContainer()
                if let number = try? one.decode(Int.self) {
                    self = .number(number)
                } else {
                    self = .text(try one.decode(String.self))
                }
            }
        }
    }

    private func expected(_ file: String, unpackedTo path: String) throws -> Expected {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", Self.python, file, path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let said = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return try JSONDecoder().decode(Expected.self, from: said)
    }

    private func rows(_ table: String, _ house: House) async throws -> [[String: any Sendable]] {
        let told = try await house.run(["projections", "rows", table])
        #expect(told.code == 0, "\(told.talk)")
        return told.output.split(separator: "\n").compactMap {
            (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: any Sendable]
        }
    }
    private func counts(_ table: String, by column: String, _ house: House) async throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for row in try await rows(table, house) { counts[row[column] as? String ?? ""] = row["events"] as? Int }
        return counts
    }

    @Test(
        .enabled(if: file != nil, "the event logs are not here; DAYBOOK_SHARED names the folder that has them"),
        .timeLimit(.minutes(8)))
    func `what an analyst defines afterwards is what Python computes from the file`() async throws {
        let house = try House()
        let csv = house.folder + "-log.csv"
        let definitions = house.folder + "-projections"
        defer { for path in [csv, definitions] { try? FileManager.default.removeItem(atPath: path) } }
        let expected = try expected(try #require(Self.file), unpackedTo: csv)
        #expect(expected.rows == 6_660)

        let (server, client) = try await house.serve(["--empty"])
        let command = ["import", csv, "--map", "eventlog-bpic2013", "--format", "json"]
        let told = try await house.run(command)
        #expect(told.code == 0, "\(told.talk)")
        #expect(told.object["accepted"] as? Int == expected.rows && told.object["rejected"] as? Int == 0)
        let again = try await house.run(command)
        #expect(again.object["unchanged"] as? Int == expected.rows && again.object["events"] as? Int == 0)
        // A page tells a case in the order of the file, the last first.
        let deals = try await rows("deals", house)
        let id = try #require(deals.first { $0["title"] as? String == "Problem \(expected.case)" }?["id"] as? String)
        let page = try await client.get("/api/v1/deals/\(id)/timeline?limit=200")
        let names = (page.object["items"] as? [[String: any Sendable]] ?? []).compactMap {
            ($0["details"] as? [String: any Sendable])?["name"] as? String
        }
        #expect(names == Array(expected.first.reversed()))

        // Later somebody wants to know more.
        try FileManager.default.createDirectory(atPath: definitions, withIntermediateDirectories: false)
        for (name, text) in Self.definitions {
            try text.write(toFile: "\(definitions)/\(name).yaml", atomically: true, encoding: .utf8)
        }
        let deployed = try await house.run(["projections", "deploy", definitions])
        #expect(deployed.code == 0, "\(deployed.talk)\(deployed.output)")
        #expect(try await counts("activities", by: "activity", house) == expected.activities)
        #expect(try await counts("months", by: "month", house) == expected.months)
        let cases = Dictionary(deals.map { ($0["id"] as? String ?? "", $0["title"] as? String ?? "") }) { $1 }
        var last: [String: [Expected.Value]] = [:]
        var events: [String: Int] = [:]
        for row in try await rows("cases", house) {
            let name = String((cases[row["case_id"] as? String ?? ""] ?? "").dropFirst("Problem ".count))
            let moment = try Date(row["last_at"] as? String ?? "", strategy: .iso8601)
            last[name] = [.text(row["last_activity"] as? String ?? ""), .number(Int(moment.timeIntervalSince1970))]
            events[name] = row["events"] as? Int
        }
        #expect(last == expected.last && last.count == 1_487)
        #expect(events == expected.events)
        // And why a number is what it is.
        let why = try await house.run(["explain", "activities", "Completed-Cancelled", "events", "--format", "json"])
        #expect(why.code == 0, "\(why.talk)")
        #expect((why.object["events"] as? [Any])?.count == expected.activities["Completed-Cancelled"])
        let verified = try await house.run(["projections", "verify", "--all", "--format", "json"])
        #expect(verified.code == 0, "\(verified.talk)\(verified.output)")
        await house.leave(server)
    }
}
