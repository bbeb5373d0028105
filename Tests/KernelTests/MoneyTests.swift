import Kernel
import Testing

@Suite struct MoneyTests {
    static let currencies = ["JPY", "EUR", "KWD"].compactMap { Currency($0) }

    @Test func `so many pieces at a price, less a discount, are rounded half away from zero`() throws {
        let euro = try #require(Currency("EUR"))
        let cases: [(minor: Int64, thousandths: Int64, discount: Int64, result: Int64)] = [
            (5000, 2500, 1000, 11_250), (1, 500, 0, 1), (-1, 500, 0, -1), (1, 499, 0, 0), (3, 1000, 5000, 2),
            (-3, 1000, 5000, -2), (100, 1000, 10_000, 0), (333, 3000, 0, 999),
        ]
        for (minor, thousandths, discount, result) in cases {
            let product = Money(minor: minor, currency: euro).times(
                thousandths: thousandths, lessHundredthsOfPercent: discount)
            #expect(product == Money(minor: result, currency: euro), "\(minor) × \(thousandths) − \(discount)")
        }
    }

    /// Against what half away from zero says by itself: twice the distance is at most one unit, and never towards zero
    /// where it is exactly that.
    @Test(arguments: currencies) func `the product is the nearest amount, whatever the currency`(currency: Currency) {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let minor = Int64.random(in: -1_000_000_000...1_000_000_000, using: &random)
            let thousandths = Int64.random(in: 1...1_000_000, using: &random)
            let discount = Int64.random(in: 0...10_000, using: &random)
            let product = Money(minor: minor, currency: currency)
                .times(thousandths: thousandths, lessHundredthsOfPercent: discount)
            let exact = Int128(minor) * Int128(thousandths) * Int128(10_000 - discount)
            guard let product else {
                #expect(exact.magnitude / 10_000_000 >= UInt128(Money.range.upperBound))
                continue
            }
            #expect(product.currency == currency)
            let beyond = Int128(product.minor) * 10_000_000 - exact
            #expect(beyond.magnitude * 2 <= 10_000_000, "\(minor) × \(thousandths) − \(discount)")
            if beyond.magnitude * 2 == 10_000_000 { #expect(beyond.signum() == exact.signum()) }
        }
    }

    @Test(arguments: currencies) func `an amount is read as it is written`(currency: Currency) {
        for minor: Int64 in [0, 1, 9, 10, 99, 100, 105_400, 1_000_000, Money.range.upperBound] {
            for signed in [minor, -minor] {
                let money = Money(minor: signed, currency: currency)
                #expect(Money(decimal: money.decimal, currency: currency) == money, "\(money.decimal)")
            }
        }
        let fewest = Money(minor: -7, currency: currency).decimal
        #expect(fewest == ["JPY": "-7", "EUR": "-0.07", "KWD": "-0.007"][currency.code])
    }

    @Test func `what no reader of JSON keeps exactly is no amount`() throws {
        let yen = try #require(Currency("JPY"))
        let most = Money(minor: Money.range.upperBound, currency: yen)
        #expect(most.times(thousandths: 1000) == most)
        #expect(most.times(thousandths: 1001) == nil)
        #expect(Money(minor: .min, currency: yen).times(thousandths: .max, lessHundredthsOfPercent: 0) == nil)
    }
}
