import Projections

/// The projections that are measured, by the names of their tables.
enum DealTables: String, CaseIterable {
    /// One table: the rows.
    case alone = "deals_alone"
    /// Three tables: rows, totals, and the spans that each deal was in each stage.
    case three = "deals_three"
    /// The rows, with a column that is sealed in a third of the events.
    case sealed = "deals_sealed"

    var file: ProjectionFile { ProjectionFile(name: "\(rawValue).yaml", text: text) }

    private var text: String {
        """
        projection: \(rawValue)
        key: stream
        columns:
          title: text
          pipeline: uuid
          stage: text
          amount: bigint
          currency: text
          owner: uuid
          contact_id: uuid
          company: uuid
          source: text
          priority: bigint
          probability: numeric
          expected_close: date
          custom: json
          moves: bigint
          edits: bigint
          opened_at: timestamptz
          moved_at: timestamptz
          archived_at: timestamptz
        \(self == .sealed ? "  next_step: text" : "")
        on:
          deal.opened:
            title: .title
            pipeline: .pipeline
            stage: .stage
            amount: .amount.minor
            currency: .amount.currency
            owner: .owner
            contact_id: .contact_id
            company: .company
            source: .source
            priority: .priority
            probability: .probability
            expected_close: .expected_close
            custom: .custom
            moves: 0
            edits: 0
            opened_at: $occurred_at\(step("    "))
          deal.moved: {stage: .to, moved_at: $occurred_at, moves: {add: 1}\(step())}
          deal.edited: {merge: .set, edits: {add: 1}\(step())}
          deal.assigned: {owner: .owner\(step())}
          deal.repriced: {amount: .amount.minor, currency: .amount.currency, probability: .probability\(step())}
          deal.customized: {custom: {merge: .custom}\(step())}
          deal.archived: {archived_at: $occurred_at\(step())}
          deal.restored: {archived_at: null\(step())}
        \(self == .three ? Self.beside : "")
        """
    }

    private static let beside = """
        totals: {by: [pipeline, stage, currency, owner], count: deals, sum: amount}
        history: [stage]
        """

    /// What each event does to the sealed column, as one more member of its handler.
    private func step(_ indentation: String? = nil) -> String {
        guard self == .sealed else { return "" }
        return (indentation.map { "\n\($0)" } ?? ", ") + "next_step: {given: .next_step}"
    }

    /// How what is sealed is read.
    static let unsealing = Unsealing(
        master: DealLog.master,
        catalogue: EventCatalogue(
            names: DealEvent.types,
            personal: Dictionary(
                uniqueKeysWithValues: DealEvent.types.map { ($0, Set(DealEvent.sealed.map { [$0] })) })))
}
