import Kernel

/// A few figures that the server's reports tell of a year.
struct Figures: Sendable {
    /// Reports on deals by the name under which they are shown: `won_amount` by `month`, and so on.
    let reports: [(title: String, rows: [JSON])]

    private static let asked = [
        ("Won by month", "won_amount", "month"), ("Won by owner", "won_amount", "owner"),
        ("Still open by stage", "open_amount", "stage"), ("Share won", "win_rate", "none"),
    ]

    init(_ client: Client, showing position: Int64) async throws {
        var reports: [(title: String, rows: [JSON])] = []
        for (title, measure, grouping) in Self.asked {
            let report = try await client.get("/reports/deals?measure=\(measure)&by=\(grouping)", showing: position)
            reports.append((title, report["rows"]?.array ?? []))
        }
        self.reports = reports
    }

    /// For a program.
    var json: JSON { .object(Dictionary(reports.map { ($0.title, .array($0.rows)) }) { $1 }) }

    /// For a person.
    var lines: [String] {
        reports.flatMap { report in
            [report.title]
                + report.rows.map { row in
                    let label = row["label"]?.string ?? row["key"]?.string ?? "all"
                    return "  \(label): \(Self.value(row))"
                }
        }
    }

    private static func value(_ row: JSON) -> String {
        guard let money = Money(["minor": row["value"] ?? .null, "currency": row["currency"] ?? .null]) else {
            return row["value"]?.text ?? ""
        }
        return "\(money.decimal) \(money.currency.code)"
    }
}
