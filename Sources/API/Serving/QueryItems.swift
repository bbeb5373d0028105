import Application
import Kernel

/// What stands behind the question mark.
enum QueryItems {
    /// The names and values of a query, decoded, in order.
    /// - Throws: `parameter.malformed` where an escape is broken, `parameter.too_many` beyond 100.
    static func parse(_ query: Substring) throws(Problem) -> [Parameter] {
        guard !query.isEmpty else { return [] }
        var items: [Parameter] = []
        for part in query.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentCoding.decode(pair[0], plusIsSpace: true), !name.isEmpty,
                let value = PercentCoding.decode(pair.count > 1 ? pair[1] : "", plusIsSpace: true),
                !(name + value).unicodeScalars.contains("\0")
            else { throw Problem("parameter.malformed", 400, "A query parameter cannot be read.") }
            items.append(Parameter(name, value))
        }
        guard items.count <= 100 else {
            throw Problem("parameter.too_many", 400, "At most 100 query parameters can be given.")
        }
        return items
    }

    /// Refuses what a route does not know.
    static func check(_ items: [Parameter], _ parameters: Route.Parameters) throws(Problem) {
        guard case .only(let known) = parameters else { return }
        var seen: Set<String> = []
        for item in items {
            guard known.contains(where: { $0.name == item.name }) else {
                throw .unknownParameter(item.name, known: known.map(\.name))
            }
            guard seen.insert(item.name).inserted else {
                throw Problem(
                    "parameter.invalid", 400, "A parameter is given twice; give it once.",
                    more: ["parameter": .string(String(item.name.prefix(100)))])
            }
        }
    }
}
