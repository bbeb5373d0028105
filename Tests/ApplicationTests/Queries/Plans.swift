import Foundation
import Kernel
import Postgres
import PostgresTesting

/// How many rows the server looks at for a question: told by the plans of all statements that it runs meanwhile, with
/// what each scan really returned and what it threw away.
final class Plans {
    private let log: FileHandle

    /// From the next connection on, the server logs the plan of whatever is run in the database.
    init(_ database: TestDatabase) async throws {
        let settings = [
            ("session_preload_libraries", "auto_explain"), ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_analyze", "on"), ("auto_explain.log_timing", "off"),
            ("auto_explain.log_format", "json"),
        ]
        for (name, value) in settings {
            try await database.cluster.administer("ALTER DATABASE \(database.name) SET \(name) = '\(value)'")
        }
        let path = database.cluster.server.folder + "/log"
        guard let log = FileHandle(forReadingAtPath: path) else { throw CocoaError(.fileNoSuchFile) }
        self.log = log
    }

    /// What one scan looked at.
    struct Scan {
        let node: String
        let rows: Int
    }

    /// The scans of a question's statements.
    func scans(_ ask: () async throws -> Void) async throws -> [Scan] {
        try log.seekToEnd()
        try await ask()
        let text = String(decoding: try log.readToEnd() ?? Data(), as: UTF8.self)
        var scans: [Scan] = []
        for part in text.split(separator: "  plan:\n").dropFirst() {
            let lines = part.split(separator: "\n").prefix { $0.hasPrefix("\t") }.joined(separator: "\n")
            let plan = try JSON(parsing: Array(lines.utf8), depth: 1_000)
            Plans.read(plan["Plan"], into: &scans)
        }
        return scans
    }

    private static func read(_ node: JSON?, into scans: inout [Scan]) {
        guard let node, let type = node["Node Type"]?.string else { return }
        // What these return was looked at below.
        let isScan = type.hasSuffix("Scan") && !["Subquery Scan", "CTE Scan", "WorkTable Scan"].contains(type)
        // What tables there are is asked once, and kept.
        if node["Relation Name"]?.string?.hasPrefix("pg_") == true { return }
        if isScan {
            let names = ["Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"]
            let rows = names.reduce(0) { $0 + (node[$1]?.double ?? 0) } * (node["Actual Loops"]?.double ?? 1)
            let what = ["Relation Name", "Index Name"].compactMap { node[$0]?.string }.joined(separator: " by ")
            scans.append(Scan(node: "\(type) of \(what)", rows: Int(rows)))
        }
        for child in node["Plans"]?.array ?? [] { read(child, into: &scans) }
    }
}

/// Read tables full of rows, whatever tables there are: each column has values of its type.
enum Crowd {
    /// Kinds of things of which an organization has a handful.
    static let few: Set = [
        "members", "teams", "pipelines", "products", "field_sets", "tags", "projects", "campaigns",
    ]
    /// An id that rows have; others refer to it.
    static func id(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return "00000000-0000-7000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    }

    /// Fills all tables that projections feed: so many rows for the first organization, a tenth for the others.
    static func fill(_ database: TestDatabase, _ organizations: [UUID], rows: Int) async throws {
        let pool = BlockingPool(database.superuser, size: 1, name: "crowd", log: quiet)
        try await pool.run { (connection: BlockingConnection) -> Void in
            for table in try connection.query(Statement(tables)) {
                try fill(table, organizations, rows, connection)
            }
            try connection.execute("VACUUM ANALYZE")
        }
        await pool.close()
    }

    /// Makes a member own all deals of an organization.
    static func give(_ database: TestDatabase, _ organization: UUID, dealsTo owner: String) async throws {
        let pool = BlockingPool(database.superuser, size: 1, name: "crowd", log: quiet)
        try await pool.run { (connection: BlockingConnection) -> Void in
            let own = "organization_id = '\(organization.text)'"
            try connection.execute("UPDATE read.deals SET owner_id = '\(owner)' WHERE \(own)")
            try connection.execute("VACUUM ANALYZE read.deals")
        }
        await pool.close()
    }

    private static func fill(
        _ table: Row, _ organizations: [UUID], _ rows: Int, _ connection: BlockingConnection
    ) throws {
        let name = try table.text(0)
        let columns = try table.text(1).split(separator: ",").map(String.init)
        let types = try table.text(2).split(separator: ",").map(String.init)
        let isKeyed = !columns.contains("version")
        let isOver = name.hasSuffix("_history")
        let values = zip(columns, types).map { value($0, $1, isKeyed: isKeyed, isOver: isOver) }
            .joined(separator: ", ")
        let names = columns.map { "\"\($0)\"" }.joined(separator: ", ")
        let isFew = few.contains(name.replacing("_history", with: ""))
        for (number, organization) in organizations.enumerated() {
            let count = isFew ? 50 : number == 0 ? rows : rows / 10
            let numbers = "SELECT g, '\(organization.text)'::uuid AS organization FROM generate_series(1, \(count)) g"
            try connection.execute(
                "INSERT INTO read.\"\(name)\" (\(names)) SELECT \(values) FROM (\(numbers)) g ON CONFLICT DO NOTHING")
        }
    }

    private static let tables = """
        SELECT c.relname::text, string_agg(a.attname, ',' ORDER BY a.attnum), \
        string_agg(format_type(a.atttypid, NULL), ',' ORDER BY a.attnum)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = 'read'::regnamespace AND c.relkind = 'r' AND c.relname !~ '_totals$'
            AND c.relname <> ALL (ARRAY['organizations', 'organizations_history'])
        GROUP BY c.relname
        HAVING array_agg(a.attname::text) @> ARRAY['organization_id', 'id', 'created_at']
        ORDER BY 1
        """

    /// The value of a column in row `g`: each record has a version that is over, and the one that began then.
    private static func value(_ column: String, _ type: String, isKeyed: Bool, isOver: Bool) -> String {
        func any(_ count: Int) -> String { "(abs(hashtext(g::text || '\(column)')::bigint) % \(count))" }
        func id(_ number: String) -> String { "('00000000-0000-7000-8000-' || lpad(to_hex(\(number)), 12, '0'))::uuid" }
        let made = "(now() - g * interval '1 minute')"
        let ended = "(\(made) + interval '1 hour')"
        switch (column, type) {
        case ("organization_id", _): return "organization"
        case ("id", _): return id("g")
        case ("pipeline_id", _): return id("1")
        case ("stage_id", _): return id("1 + \(any(6))")
        case ("stages", "jsonb"):
            let stages = (1...6).map {
                #""\#(Crowd.id($0))":{"name":"Stage","kind":"open","position":\#($0),"probability":10}"#
            }
            return "'{\(stages.joined(separator: ","))}'::jsonb"
        case ("event", _): return "'deal.edited'"
        case ("status", "text"):
            // What is still to take place is a small part of all that ever did.
            return "coalesce((ARRAY['scheduled','open','open','open','won','won'])[1 + \(any(12))], 'completed')"
        case ("open", "boolean"): return "\(any(4)) = 0"
        case ("version", _): return "1"
        case ("position", _), ("since_position", _): return isOver ? "g" : "1000000 + g"
        case ("until_position", _): return "1000000 + g"
        case ("until_at", _), ("until_recorded_at", _): return ended
        case ("archived_at", _): return "NULL"
        case ("created_at", _): return made
        case ("updated_at", _), ("recorded_at", _), ("since_at", _), ("since_recorded_at", _):
            return isOver ? made : ended
        // One of a hundred was merged, into one of the first.
        case ("merged_into", _), ("into_id", _): return "CASE WHEN g % 100 = 0 THEN \(id("1 + (g * 7) % 90")) END"
        case (_, "uuid"): return id("1 + \(any(4_000))")
        case (_, "text"): return "'Word' || \(any(2_000)) || ' Tail' || g % 7"
        case (_, "bigint"), (_, "integer"): return isKeyed ? "g" : any(1_000)
        case (_, "smallint"): return "1"
        case (_, "boolean"): return "false"
        case (_, "date"): return "current_date - \(any(700))::int"
        case (_, "timestamp with time zone"): return "now() - \(any(500_000)) * interval '1 minute'"
        case (_, "jsonb"): return "'{}'::jsonb"
        case _: return "\(any(1_000))"
        }
    }
}
