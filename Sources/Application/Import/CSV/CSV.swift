/// Comma-separated values as RFC 4180 describes them and as programs write them.
public enum CSV {
    /// How a file is written.
    public struct Format: Sendable, Hashable {
        /// What stands between fields: one ASCII character, a comma unless the mapping says otherwise.
        public var delimiter: UInt8

        /// A format.
        public init(delimiter: UInt8 = UInt8(ascii: ",")) { self.delimiter = delimiter }
    }

    /// The most bytes of a record.
    public static let longest = 1 << 20

    /// One record of a file.
    public struct Record: Sendable, Hashable {
        /// The line on which it begins; the first line of a file is 1. A quoted line end counts.
        public let line: Int
        /// Its fields, without their quotes.
        public let fields: [String]
    }

    /// What comes next in a file.
    public enum Item: Sendable, Hashable {
        /// A record.
        case record(Record)
        /// A line that is no record; reading goes on with the next line.
        case broken(line: Int, Flaw, text: String)
    }

    /// Why a line is no record.
    public enum Flaw: String, Sendable, Hashable, CaseIterable {
        case unclosedQuote = "csv.unclosed_quote"
        case textAfterQuote = "csv.text_after_quote"
        case fieldCount = "csv.field_count"
        case notUTF8 = "csv.not_utf8"
        case tooLong = "csv.too_long"
        /// Of a file of documents.
        case notAnObject = "import.not_a_document"

        /// A sentence that says what to do.
        public var detail: String {
            switch self {
            case .unclosedQuote: "A quote opens a field here and none closes it; write a quote inside a field twice."
            case .textAfterQuote: "Text follows a closing quote; write a quote inside a field twice."
            case .fieldCount: "The row has not as many fields as the first line of the file."
            case .notUTF8: "The row is not UTF-8; save the file as UTF-8."
            case .tooLong: "The row is longer than a megabyte."
            case .notAnObject: "The line is no JSON object."
            }
        }
    }

    /// One record as a line that ends in a line feed; a field is quoted where it must be.
    public static func line(_ fields: [String], delimiter: UInt8 = UInt8(ascii: ",")) -> String {
        let written = fields.map { field in
            let special = field.utf8.contains { $0 == delimiter || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }
            let edged = field.first == " " || field.last == " "
            return special || edged ? "\"\(field.replacing("\"", with: "\"\""))\"" : field
        }
        // A record of one empty field would be a blank line, which readers skip.
        if written == [""] { return "\"\"\n" }
        return written.joined(separator: String(UnicodeScalar(delimiter))) + "\n"
    }
}
