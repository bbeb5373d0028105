/// The relations that SQL names with the schema `read`, as they are written there.
struct QualifiedNames {
    /// Where a relation is named.
    enum Place: Sendable {
        /// `CREATE VIEW read.…`
        case made
        /// `JOIN read.…`: rows that others refer to.
        case joined
        /// Anywhere else: rows that are asked for themselves.
        case read
    }
    private let sql: [UInt8]
    private var at = 0
    private var result: [UInt8] = []
    /// The word before, in lower case.
    private var last = ""

    /// The SQL with other names. `name` gives the qualified one; nil leaves it as it is. `now()` becomes `clock`.
    /// Comments, texts and functions of `read` stay.
    static func replaced(
        in sql: String, clock: String, _ name: (_ relation: String, _ place: Place) -> String?
    ) -> String {
        var names = QualifiedNames(sql: Array(sql.utf8))
        names.run(clock, name)
        return String(decoding: names.result, as: UTF8.self)
    }

    private init(sql: [UInt8]) { self.sql = sql }

    private mutating func run(_ clock: String, _ name: (String, Place) -> String?) {
        while at < sql.count {
            switch sql[at] {
            case UInt8(ascii: "'"): copy(through: "'")
            case UInt8(ascii: "-") where next(is: "--"): copy(through: "\n")
            case UInt8(ascii: "/") where next(is: "/*"): copy(through: "*/")
            case let byte where QualifiedNames.isWord(byte): word(clock, name)
            case let byte:
                result.append(byte)
                at += 1
                // `x.now()` is somebody else's.
                if byte == UInt8(ascii: ".") { last = "." }
            }
        }
    }

    private mutating func word(_ clock: String, _ name: (String, Place) -> String?) {
        let word = takeWord()
        let before = last
        last = word.lowercased()
        if last == "now", before != ".", next(is: "()") {
            result += Array(clock.utf8)
            at += 2
        } else if last == "read", before != ".", let (relation, end) = relation() {
            let place: Place = before == "view" ? .made : before == "join" ? .joined : .read
            result += Array((name(relation, place) ?? "read.\(relation)").utf8)
            (at, last) = (end, relation)
        } else {
            result += Array(word.utf8)
        }
    }

    /// The name behind `read` and where it ends; nil where it is a function or nothing.
    private func relation() -> (name: String, end: Int)? {
        guard next(is: ".") else { return nil }
        var ahead = self
        ahead.at += 1
        let isQuoted = ahead.next(is: "\"")
        if isQuoted { ahead.at += 1 }
        let name = ahead.takeWord()
        if isQuoted { ahead.at += 1 }
        let end = ahead.at
        while ahead.at < sql.count, sql[ahead.at] == UInt8(ascii: " ") { ahead.at += 1 }
        return name.isEmpty || ahead.next(is: "(") ? nil : (name, end)
    }

    private mutating func takeWord() -> String {
        let start = at
        while at < sql.count, QualifiedNames.isWord(sql[at]) { at += 1 }
        return String(decoding: sql[start..<at], as: UTF8.self)
    }
    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        case _: false
        }
    }
    private func next(is text: String) -> Bool { sql[at...].starts(with: text.utf8) }

    private mutating func copy(through end: String) {
        let start = at
        at += 1
        while at < sql.count, !next(is: end) { at += 1 }
        at = min(sql.count, at + end.utf8.count)
        result += sql[start..<at]
    }
}
