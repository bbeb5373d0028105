/// An amount in the minor unit of its currency: 1,054.00 USD is 105400.
public struct Money: Sendable, Hashable {
    /// Whole minor units; negative for what is owed back.
    public let minor: Int64
    /// In which currency.
    public let currency: Currency

    /// An amount of minor units.
    public init(minor: Int64, currency: Currency) { (self.minor, self.currency) = (minor, currency) }

    /// Reads a decimal amount as people write it in files ("1054", "1054.5", "-3.10"), exactly.
    /// Nil where it has more digits than the currency, or is no number, or does not fit.
    public init?(decimal text: some StringProtocol, currency: Currency) {
        var digits = Substring(text)
        let negative = digits.first == "-"
        if negative { digits = digits.dropFirst() }
        let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? parts[1] : ""
        guard let whole = parts.first, !whole.isEmpty,
            (whole + fraction).utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            !(parts.count == 2 && fraction.isEmpty), fraction.dropFirst(currency.exponent).allSatisfy({ $0 == "0" })
        else { return nil }
        let padding = String(repeating: "0", count: max(0, currency.exponent - fraction.count))
        guard let minor = Int64(whole + fraction.prefix(currency.exponent) + padding) else { return nil }
        self.init(minor: negative ? -minor : minor, currency: currency)
    }

    /// As people write it in files, with all decimals of its currency: "1054.00", "-3.10".
    public var decimal: String {
        let digits = String(minor.magnitude)
        let padded = String(repeating: "0", count: max(0, currency.exponent + 1 - digits.count)) + digits
        let (whole, fraction) = (padded.dropLast(currency.exponent), padded.suffix(currency.exponent))
        let sign = minor < 0 ? "-" : ""
        return fraction.isEmpty ? "\(sign)\(whole)" : "\(sign)\(whole).\(fraction)"
    }

    /// `{"minor": 105400, "currency": "USD"}`.
    public var json: JSON { ["minor": .integer(minor), "currency": .string(currency.code)] }

    /// Reads the form that `json` writes.
    public init?(_ json: JSON?) {
        guard let minor = json?["minor"]?.integer, let currency = json?["currency"]?.string.flatMap({ Currency($0) })
        else { return nil }
        self.init(minor: minor, currency: currency)
    }
}
