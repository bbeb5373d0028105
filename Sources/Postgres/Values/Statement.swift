/// One SQL statement and its values.
///
///     Statement("SELECT name FROM read.accounts WHERE id = ANY ($1)") { $0.uuids(ids) }
public struct Statement: Sendable {
    /// The SQL, with `$1`, `$2`, … for the values. It is prepared once per connection: keep it constant.
    public var sql: String
    /// The values.
    public var parameters: Parameters

    /// A statement whose values are added by `fill`, in order.
    public init(_ sql: String, _ fill: (inout Parameters) -> Void = { _ in }) {
        self.sql = sql
        parameters = Parameters()
        fill(&parameters)
    }

    /// A statement with values that are there already.
    public init(_ sql: String, parameters: Parameters) {
        self.sql = sql
        self.parameters = parameters
    }
}
