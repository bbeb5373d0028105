import Projections

/// A projection that counts: an event that is applied twice or not at all shows in its row.
enum Tally {
    static let file = ProjectionFile(
        name: "crash_tally.yaml",
        text: """
            projection: crash_tally
            description: How many events each record has had.
            key: stream
            columns: {events: bigint, last: text, kind: text}
            on:
              account.created: {events: {add: 1}, last: .name, kind: account}
              account.edited: {events: {add: 1}, last: .set.industry}
              contact.created: {events: {add: 1}, last: .lead_source, kind: contact}
            totals: {by: [kind], count: records, sum: events}

            """)
    /// The events that it names.
    static let events: Set<String> = ["account.created", "account.edited", "contact.created"]
}
