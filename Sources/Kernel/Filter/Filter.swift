/// Which records are meant: tests of their fields, joined by and, or, not.
///
/// A pure value, which is turned into whatever chooses rows. Its text is what people write
/// (`and(lifecycle.eq.customer,not(owner_id.null.true))`), and is read strictly: what is not understood is refused with
/// its place, and never means everything.
public indirect enum Filter: Sendable, Hashable {
    /// All of these hold.
    case all([Filter])
    /// One of these holds.
    case any([Filter])
    /// It does not hold: also of records without a value.
    case not(Filter)
    /// A field compares like this.
    case test(Test)

    /// One comparison: `amount.gte.5`.
    public struct Test: Sendable, Hashable {
        /// The field's name: `amount`, `amount.currency`, `custom.segment`.
        public let name: String
        /// How it is compared.
        public let comparison: Comparison
        /// With what, as texts: one, or as many as the comparison takes.
        public let values: [String]
        /// Where it stands in the text it was read from, the first character being 1. Says nothing about what is meant.
        public let place: Int

        /// A comparison.
        public init(_ name: String, _ comparison: Comparison, _ values: [String], at place: Int = 1) {
            (self.name, self.comparison, self.values, self.place) = (name, comparison, values, place)
        }
        /// Equal where the same is meant.
        public static func == (a: Test, b: Test) -> Bool {
            a.name == b.name && a.comparison == b.comparison && a.values == b.values
        }
        /// What is meant.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(name)
            hasher.combine(comparison)
            hasher.combine(values)
        }
    }

    /// How a value is compared, as it is written.
    public enum Comparison: String, Sendable, CaseIterable {
        case equal = "eq"
        case ne, gt, gte, lt, lte, between
        case `in`, nin
        case contains
        case startsWith = "starts_with"
        case null

        /// Whether it takes several values.
        public var takesSeveral: Bool {
            switch self {
            case .between, .in, .nin: true
            case .equal, .ne, .gt, .gte, .lt, .lte, .contains, .startsWith, .null: false
            }
        }
    }

    /// Why a text is no filter, or not one of these fields.
    public struct Flaw: Error, Sendable, Hashable {
        /// Where in the text, the first character being 1.
        public let place: Int
        /// What to do about it.
        public let detail: String

        /// A flaw at a place.
        public init(_ place: Int, _ detail: String) { (self.place, self.detail) = (place, detail) }
    }

    /// What a filter is at most: bytes of its text, tests in it, groups within groups, values of one test.
    public static let most = (bytes: 4_000, tests: 50, depth: 8, values: 100)

    /// All tests, from left to right.
    public var tests: [Test] {
        switch self {
        case .all(let parts), .any(let parts): parts.flatMap(\.tests)
        case .not(let part): part.tests
        case .test(let test): [test]
        }
    }
}

// MARK: How is it written?

extension Filter {
    /// Its one text: without spaces, values in quotes only where they need them.
    public var text: String {
        switch self {
        case .all(let parts): "and(\(parts.map(\.text).joined(separator: ",")))"
        case .any(let parts): "or(\(parts.map(\.text).joined(separator: ",")))"
        case .not(let part): "not(\(part.text))"
        case .test(let test): test.text
        }
    }
}

extension Filter.Test {
    fileprivate var text: String {
        let written = values.map(Filter.Test.written)
        let value = comparison.takesSeveral ? "(\(written.joined(separator: ",")))" : written.joined()
        return "\(name).\(comparison.rawValue).\(value)"
    }

    private static func written(_ value: String) -> String {
        let isPlain =
            !value.isEmpty && !value.contains(where: { "(),\"\\".contains($0) }) && value.first?.isWhitespace == false
            && value.last?.isWhitespace == false
        if isPlain { return value }
        return "\"\(value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
}
