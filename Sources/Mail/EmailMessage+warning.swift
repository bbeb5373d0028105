extension EmailMessage {
    /// Something odd about a message, which was read all the same.
    public struct Warning: Sendable, Hashable {
        /// What kind of oddity.
        public let code: Code
        /// What was found, or taken instead; for whoever sent the message, since it may quote it.
        public let detail: String

        /// Kinds of oddities.
        public enum Code: String, Sendable, CaseIterable {
            /// A line of the header is none.
            case headerUnreadable = "header_unreadable"
            /// What a message says once stands there twice.
            case headerRepeated = "header_repeated"
            /// A header has letters beyond ASCII that are not encoded; their charset was guessed.
            case headerNotEncoded = "header_not_encoded"
            /// An encoded word is broken.
            case wordUnreadable = "word_unreadable"
            /// No empty line stands between header and body.
            case separatorMissing = "separator_missing"
            /// Lines end in a lone carriage return.
            case lineEndsOdd = "line_ends_odd"
            /// Zero bytes were left out.
            case zerosLeftOut = "zeros_left_out"
            /// An address, or a list of them, is not as it must be.
            case addressUnreadable = "address_unreadable"
            /// Nobody is named as who wrote it.
            case senderMissing = "sender_missing"
            /// It does not say when it was written.
            case dateMissing = "date_missing"
            /// It says so in a way that cannot be read.
            case dateUnreadable = "date_unreadable"
            /// The content type, or a parameter of it, is not as it must be.
            case contentTypeUnreadable = "content_type_unreadable"
            /// Its parts are not divided as they must be.
            case structureBroken = "structure_broken"
            /// It ends before it should.
            case cutOff = "cut_off"
            /// A text names a charset that nobody knows.
            case charsetUnknown = "charset_unknown"
            /// A text is not in the charset that it names.
            case charsetWrong = "charset_wrong"
            /// A part is encoded in a way that nobody knows.
            case encodingUnknown = "encoding_unknown"
            /// A part is an Outlook package, which is kept as it is.
            case notUnpacked = "not_unpacked"
            /// It is encrypted.
            case encrypted
            /// It has more parts than are looked at.
            case partsLeftOut = "parts_left_out"
        }
    }

    /// Each oddity is told once; of very many the first.
    mutating func warn(_ code: Warning.Code, _ detail: String) {
        let warning = Warning(code: code, detail: String(detail.prefix(200)))
        if warnings.count < 50, !warnings.contains(warning) { warnings.append(warning) }
    }
}
