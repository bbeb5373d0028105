import HTTPTypes
import Kernel

/// How one of the sources says what Daybook can be asked: paths, names and words of its own for the same things.
///
/// It is data: `Routes.dialects` makes a route of each row, which turns a request into the canonical one, lets that
/// route's handler answer, and turns the answer back.
struct Dialect: Sendable {
    /// What people call the source.
    let name: String
    /// Where its paths begin: `/admin`.
    let prefix: String
    /// Other names of parameters that every list has.
    var parameters: [String: String] = [:]
    /// Its names, by what they are names of: an entity, or what an answer shows.
    let vocabularies: [String: Vocabulary]
    /// What it can be asked.
    let rows: [Row]
    /// What the source names besides, and why it is not there.
    let gaps: [Gap]

    /// All that there are.
    static let all = [platformConsole, ascendore, trailtrack]

    /// One thing that can be asked.
    struct Row: Sendable {
        let method: HTTPRequest.Method
        /// Below the prefix: `/customers/{id}`.
        let path: String
        /// What answers: the first whose condition holds. Where a record is not there, the next one is asked.
        let targets: [Target]
    }

    /// A canonical route, and how it is asked.
    struct Target: Sendable {
        let method: HTTPRequest.Method
        /// Below `/api/v1`: `/accounts/{id}`.
        let path: String
        /// Whose names the body, the parameters and the records of the answer have; nil: they are the same.
        var vocabulary: String?
        /// The only members that the body takes, in the source's words; nil: all that the route takes.
        var only: [String]?
        /// Members of the body that the path tells, by the name in the pattern.
        var told: [String: String] = [:]
        /// A member or parameter, in the source's words, and the words with which this target is meant.
        var condition: (member: String, words: [String])?
        /// The member of the answer that holds the record itself, where that stands among others.
        var profile: String?
        /// Members of the answer that have vocabularies of their own.
        var parts: [Part] = []

        /// Whether its body may name a member.
        func takes(_ theirs: String) -> Bool { only?.contains(theirs) ?? true }
        /// Whether it is meant by a request whose members, or parameters, have these values.
        func isMeant(_ values: (String) -> String?) -> Bool {
            guard let condition else { return true }
            return values(condition.member).map(condition.words.contains) ?? false
        }
    }

    /// A member of an answer that holds a record, or records, and what the source calls it.
    struct Part: Sendable {
        let ours: String
        let theirs: String
        let vocabulary: String
    }

    /// What is not there.
    struct Gap: Sendable {
        let method: HTTPRequest.Method
        let path: String
        let why: String
    }
}

// MARK: How are rows written?

extension Dialect.Row {
    /// What can be done with the records of a collection.
    enum Can: Sendable { case list, create, read, replace, change, archive }

    /// One row with one target.
    init(
        _ method: HTTPRequest.Method, _ path: String, as canonical: HTTPRequest.Method, _ target: String,
        _ vocabulary: String? = nil
    ) {
        self.init(
            method: method, path: path,
            targets: [Dialect.Target(method: canonical, path: target, vocabulary: vocabulary)])
    }

    /// The same with one that is asked in the same way.
    init(_ method: HTTPRequest.Method, _ path: String, _ target: String, _ vocabulary: String? = nil) {
        self.init(method, path, as: method, target, vocabulary)
    }

    /// The usual rows of a collection.
    static func records(_ path: String, _ target: String, _ vocabulary: String, _ can: Can...) -> [Self] {
        can.map { can in
            let (method, rest): (HTTPRequest.Method, String) =
                switch can {
                case .list: (.get, "")
                case .create: (.post, "")
                case .read: (.get, "/{id}")
                case .replace: (.put, "/{id}")
                case .change: (.patch, "/{id}")
                case .archive: (.delete, "/{id}")
                }
            return Self(method, path + rest, target + rest, vocabulary)
        }
    }
}
