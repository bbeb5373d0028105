import FoundationEssentials
import Kernel
import Vault

/// `NAME.test.yaml`: given these events, the table has these rows.
struct TestFile: Sendable {
    let file: String
    let projection: String
    let tests: [Test]

    struct Test: Sendable {
        let name: String
        let events: [Event]
        /// What the table holds, and nothing else; nil: it is not looked at.
        let rows: Expectation?
        /// The same of its totals.
        let totals: Expectation?
    }
    /// An event as the file gives it.
    struct Event: Sendable {
        let place: Place
        let type: String
        let data: JSON
        let stream: UUID
        let version: Int32
        let actor: UUID
        let occurredAt: Instant
    }
    /// All rows that are to be there, each with the columns that matter.
    struct Expectation: Sendable {
        let place: Place
        let rows: [Row]
    }
    struct Row: Sendable {
        let place: Place
        let columns: [(name: String, value: JSON, place: Place)]
    }
    /// Where something stands in the file, from 1.
    struct Place: Sendable {
        let line: Int
        let column: Int
    }

    /// The id that a made-up name such as `$pump` stands for, the same everywhere.
    static func id(_ name: String) -> UUID { UUID.v8(SHA256.hash(Array("daybook test \(name)".utf8))) }

    /// The definition's file that lies beside it.
    static func definition(beside file: String) -> String { file.replacing(".test.yaml", with: ".yaml") }
}

/// One thing that is not as a test expects it.
public struct TestDifference: Sendable, Codable, Equatable, CustomStringConvertible {
    /// The test's file.
    public let file: String
    /// The line of what was expected, or of the event; from 1.
    public let line: Int
    /// The column there; from 1.
    public let column: Int
    /// The test's name.
    public let test: String
    /// The ways of folding in which it is so; all of them, unless the tables differ among each other.
    public let ways: [String]
    /// What there is, and what was expected.
    public let message: String

    /// `file:line:column: message`, as compilers write it.
    public var description: String {
        let ways = ways.count == TestWay.allCases.count ? "" : " (\(ways.joined(separator: ", ")))"
        return "\(file):\(line):\(column): \(test): \(message)\(ways)"
    }
}

/// What came of running tests of projections.
public struct TestReport: Sendable, Codable, Equatable {
    /// How many tests were run.
    public let tests: Int
    /// The projections that were tested.
    public let projections: [String]
    /// Everything that was otherwise; empty: all is well.
    public let differences: [TestDifference]
}

/// In how many ways the rows must come out the same.
enum TestWay: String, CaseIterable {
    case one = "in batches of one"
    case oneTwice = "in batches of one, each delivered twice"
    case all = "in one batch"
    case allTwice = "in one batch, delivered twice"
    case rebuild = "rebuilt"

    /// How many events a batch has at most; nil: no batch is applied.
    var batch: Int64? {
        switch self {
        case .one, .oneTwice: 1
        case .all, .allTwice: Batch.most
        case .rebuild: nil
        }
    }
    var isTwice: Bool { self == .oneTwice || self == .allTwice }
}
