extension Money {
    /// What a double holds exactly, so that no client loses a cent.
    public static let range: ClosedRange<Int64> = -9_007_199_254_740_991...9_007_199_254_740_991

    /// The price of so many thousandths of a piece, less a discount in hundredths of a percent (0 to 10,000), rounded
    /// half away from zero to a whole minor unit. Nil where it is beyond `range`.
    public func times(thousandths: Int64, lessHundredthsOfPercent discount: Int64 = 0) -> Money? {
        let (whole, isOver) = Int128(minor).multipliedReportingOverflow(by: Int128(thousandths))
        guard !isOver else { return nil }
        let (exact, isOverToo) = whole.multipliedReportingOverflow(by: 10_000 - Int128(discount))
        guard !isOverToo else { return nil }
        let rounded = exact.dividedHalfAwayFromZero(by: 10_000_000)
        guard let minor = Int64(exactly: rounded), Money.range.contains(minor) else { return nil }
        return Money(minor: minor, currency: currency)
    }
}

extension Int128 {
    /// The quotient, rounded half away from zero; the divisor is positive.
    fileprivate func dividedHalfAwayFromZero(by divisor: Int128) -> Int128 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder.magnitude * 2 >= divisor.magnitude ? quotient + signum() : quotient
    }
}
