import FoundationEssentials
import Kernel

/// What a deal is made of: products with a quantity, a price for each and a discount. All in one currency; their sum is
/// the deal's amount.
struct DealLines: Equatable {
    /// By id, as events tell them: `product_id`, `quantity`, `unit_price`, `discount_percent`, `amount`.
    private(set) var all: [String: [String: JSON]]

    init(_ known: JSON?) { all = (known?.object ?? [:]).compactMapValues(\.object) }

    /// As a field of the record.
    var json: JSON { .object(all.mapValues { .object($0) }) }
    /// Whether a line is there.
    subscript(id: UUID) -> [String: JSON]? { all[id.text] }
    /// At most so many: all of them are in the event that opens a deal.
    static let limit = 100

    /// The price at which a product is listed.
    typealias Listed = (UUID) -> Money?

    // MARK: How do they change?

    /// Sets one line. Where nothing is said: one piece, at the price it has already, else at the product's.
    mutating func put(_ id: String, _ given: [String: JSON], _ listed: Listed) throws(Deal.Rejection) {
        all[id] = try DealLines.line(given, before: all[id], listed)
    }
    /// Takes one out.
    mutating func remove(_ id: String) { all[id] = nil }

    /// Takes over what a body gives (`Field.Kind.entries`): some by id, all of them, or a single product. Of an array a
    /// line that is there already keeps its id.
    mutating func take(_ given: JSON?, _ listed: Listed, newID: () -> UUID) throws(Deal.Rejection) {
        switch given {
        case nil: return
        case .null?: all = [:]
        case .object(let changes)?:
            for (id, line) in changes.sorted(by: { $0.key < $1.key }) {
                if let line = line.object { try put(id, line, listed) } else { remove(id) }
            }
        case .array(let items)?: try replace(by: items, listed, newID)
        case let product?: try replace(by: [["product_id": product]], listed, newID)
        }
        guard all.count <= DealLines.limit else { throw .tooManyLines }
    }
    private mutating func replace(by items: [JSON], _ listed: Listed, _ newID: () -> UUID) throws(Deal.Rejection) {
        var left = all
        all = [:]
        for item in items {
            let given = item.object ?? [:]
            // Its price may be another than the list's by now: who gives no price means the line that is there.
            let same = left.keys.sorted().first { key in
                (try? DealLines.line(given, before: left[key], listed)) == left[key]
            }
            guard let same else {
                all[newID().text] = try DealLines.line(given, before: nil, listed)
                continue
            }
            all[same] = left.removeValue(forKey: same)
        }
    }

    private static func line(_ given: [String: JSON], before: [String: JSON]?, _ listed: Listed)
        throws(Deal.Rejection) -> [String: JSON]
    {
        let product = given["product_id"]
        let known = before?["product_id"] == product ? Money(before?["unit_price"]) : nil
        let price =
            Money(given["unit_price"]) ?? known
            ?? product?.string.flatMap(UUID.init(text:)).flatMap(listed)
        guard let price else { throw .linePriceMissing }
        let quantity = given["quantity"] ?? 1
        let discount = given["discount_percent"] ?? 0
        guard let thousandths = quantity.scaled(by: 1000), let hundredths = discount.scaled(by: 100) else {
            throw .lineTooFine
        }
        guard let amount = price.times(thousandths: thousandths, lessHundredthsOfPercent: hundredths) else {
            throw .amountTooLarge
        }
        var line = ["product_id": product ?? .null, "quantity": quantity, "unit_price": price.json]
        if hundredths != 0 { line["discount_percent"] = discount }
        line["amount"] = amount.json
        return line
    }

    // MARK: What do they come to?

    /// The sum of all lines; nil without lines.
    func sum() throws(Deal.Rejection) -> Money? {
        let amounts = all.sorted { $0.key < $1.key }.compactMap { Money($0.value["amount"]) }
        guard let currency = amounts.first?.currency else { return nil }
        guard amounts.allSatisfy({ $0.currency == currency }) else { throw .lineCurrencies }
        let sum = amounts.reduce(Int128(0)) { $0 + Int128($1.minor) }
        guard let minor = Int64(exactly: sum), Money.range.contains(minor) else { throw .amountTooLarge }
        return Money(minor: minor, currency: currency)
    }

    /// What differs from `old`, as a patch of the map; empty where nothing does.
    func change(from old: DealLines) -> Patch { Patch(of: all, from: old.all) }
}

extension JSON {
    /// A number as so many parts of one; nil where it is finer than that.
    fileprivate func scaled(by parts: Int64) -> Int64? {
        switch self {
        case .integer(let whole):
            let (scaled, isOver) = whole.multipliedReportingOverflow(by: parts)
            return isOver ? nil : scaled
        case .number(let number):
            // The nearest number of parts is meant, if what it stands for is written the same.
            let scaled = (number * Double(parts)).rounded()
            guard abs(scaled) < 9e15, scaled / Double(parts) == number else { return nil }
            return Int64(scaled)
        case .null, .bool, .string, .array, .object: return nil
        }
    }
}
