// MARK: Which comparisons are there of values of a kind?

extension [Filter.Comparison] {
    /// Of values that have an order.
    public static var ordered: [Filter.Comparison] {
        [.equal, .ne, .gt, .gte, .lt, .lte, .between, .in, .nin, .null]
    }
    /// Of ids, and of several values: whether one is among them.
    public static var alike: [Filter.Comparison] { [.equal, .ne, .in, .nin, .null] }
    /// Of texts.
    public static var text: [Filter.Comparison] { [.equal, .ne, .in, .nin, .contains, .startsWith, .null] }
    /// Of true and false.
    public static var flag: [Filter.Comparison] { [.equal, .ne, .null] }
    /// Of what cannot be compared.
    public static var presence: [Filter.Comparison] { [.null] }
}
