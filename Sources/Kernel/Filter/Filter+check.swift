// MARK: Does it fit the fields of an entity?

extension Filter {
    /// The first test that does not fit these fields: a name that none has, or a comparison that its kind has not.
    /// What is computed by read tables (`status`, `created_at`) and fields of an organization's own are not known here:
    /// name them in `besides` with the comparisons that they take.
    public func flaw(
        against fields: [Field], besides: [String: [Comparison]] = [:]
    ) -> Flaw? {
        for test in tests {
            guard let comparisons = Filter.comparisons(of: test.name, fields) ?? besides[test.name] else {
                return Flaw(test.place, "there is no field \(test.name.prefix(60)) to choose by")
            }
            guard comparisons.contains(test.comparison) else {
                let known = comparisons.map(\.rawValue).joined(separator: ", ")
                return Flaw(test.place, "\(test.name) is compared by \(known)")
            }
        }
        return nil
    }

    private static func comparisons(of name: String, _ fields: [Field]) -> [Comparison]? {
        if let field = fields.first(where: { $0.name == name || $0.aliases.contains(name) }) {
            return field.kind.comparisons
        }
        let isCurrency = fields.contains { $0.kind == .money && name == "\($0.name).currency" }
        if isCurrency { return .alike }
        let isOwn = name.hasPrefix("custom.") && fields.contains { $0.kind == .custom }
        return isOwn ? Comparison.allCases : nil
    }
}

extension [Filter.Comparison] {
    /// Of values that have an order.
    public static var ordered: [Filter.Comparison] {
        [.equal, .ne, .gt, .gte, .lt, .lte, .between, .in, .nin, .null]
    }
    /// Of ids and words of a list.
    public static var alike: [Filter.Comparison] { [.equal, .ne, .in, .nin, .null] }
    /// Of texts.
    public static var text: [Filter.Comparison] { [.equal, .ne, .in, .nin, .contains, .startsWith, .null] }
    /// Of true and false.
    public static var flag: [Filter.Comparison] { [.equal, .ne, .null] }
    /// Of several values: whether one is among them.
    public static var set: [Filter.Comparison] { [.equal, .ne, .in, .nin, .null] }
    /// Of what cannot be compared.
    public static var presence: [Filter.Comparison] { [.null] }
}

extension Field.Kind {
    /// How values of this kind are compared.
    public var comparisons: [Filter.Comparison] {
        switch self {
        case .text, .paragraph, .choice, .email, .phone, .link, .slug, .currency, .zone: .text
        case .integer, .decimal, .money, .day, .instant: .ordered
        case .flag: .flag
        case .reference, .id: .alike
        case .record, .object, .map, .entries, .custom, .anything, .list, .value: .presence
        }
    }
}
