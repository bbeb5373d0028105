import CGMime
import Kernel

extension EmailMessage {
    /// Reads a message as far as it can be read. It may take as long as a message is large: a second for 25 MB.
    /// - Throws: `Unreadable`.
    public init(reading bytes: [UInt8]) throws(Unreadable) {
        let prepared = Preparation(bytes)
        guard let parsed = ParsedMessage(prepared.bytes) else { throw Unreadable() }
        for (code, detail) in prepared.warnings { warn(code, detail) }
        readHead(parsed)
        readBody(parsed)
        for (code, detail) in parsed.warnings { warn(code, detail) }
    }

    // MARK: What does its head say?

    private mutating func readHead(_ parsed: ParsedMessage) {
        messageID = GMime.text(g_mime_message_get_message_id(parsed.message)).flatMap { $0.isEmpty ? nil : $0 }
        inReplyTo = Self.ids(parsed, "In-Reply-To")
        references = Self.ids(parsed, "References")
        subject = GMime.text(g_mime_message_get_subject(parsed.message)).flatMap { $0.isEmpty ? nil : $0 }
        from = mailboxes(parsed, "From", g_mime_message_get_from(parsed.message))
        sender = mailboxes(parsed, "Sender", g_mime_message_get_sender(parsed.message))
        replyTo = mailboxes(parsed, "Reply-To", g_mime_message_get_reply_to(parsed.message))
        to = mailboxes(parsed, "To", g_mime_message_get_to(parsed.message))
        cc = mailboxes(parsed, "Cc", g_mime_message_get_cc(parsed.message))
        bcc = mailboxes(parsed, "Bcc", g_mime_message_get_bcc(parsed.message))
        if from.isEmpty { warn(.senderMissing, "No From says who wrote it.") }
        readDates(parsed)
    }

    private mutating func readDates(_ parsed: ParsedMessage) {
        if let date = g_mime_message_get_date(parsed.message) {
            self.date = GMime.sent(date)
        } else if let said = parsed.header("Date") {
            warn(.dateUnreadable, said)
        } else {
            warn(.dateMissing, "No Date says when it was written.")
        }
        // Each server puts its own above those of the servers before it, and the moment behind the last semicolon.
        let received = parsed.header("Received").flatMap { $0.split(separator: ";").last }
        if let moment = received, let date = g_mime_utils_header_decode_date(String(moment)) {
            receivedAt = GMime.sent(date).instant
            g_date_time_unref(date)
        }
    }

    /// The message ids in a header.
    private static func ids(_ parsed: ParsedMessage, _ header: String) -> [String] {
        guard let text = parsed.header(header), let list = g_mime_references_parse(parsed.options, text) else {
            return []
        }
        defer { g_mime_references_free(list) }
        return (0..<g_mime_references_length(list)).compactMap {
            GMime.text(g_mime_references_get_message_id(list, $0))
        }
    }

    // MARK: Who took part?

    private mutating func mailboxes(
        _ parsed: ParsedMessage, _ header: String, _ list: UnsafeMutablePointer<InternetAddressList>?
    ) -> [Mailbox] {
        var found: [Mailbox] = []
        if let list { Self.gather(list, into: &found) }
        if found.isEmpty, let text = parsed.header(header), !text.allSatisfy(\.isWhitespace) {
            found = Self.mailboxes(in: text)
            // An empty group, as that of undisclosed recipients, is an answer.
            if let list, internet_address_list_length(list) > 0, found.isEmpty { return [] }
            if !parsed.warnings.contains(where: { $0.0 == .addressUnreadable }) {
                warn(.addressUnreadable, "\(header): \(text)")
            }
        }
        return found
    }

    /// Those of a list, and of the groups in it.
    private static func gather(_ list: UnsafeMutablePointer<InternetAddressList>, into found: inout [Mailbox]) {
        for index in 0..<internet_address_list_length(list) {
            guard found.count < 1000, let one = internet_address_list_get_address(list, index) else { return }
            if let group = GMime.cast(one, to: internet_address_group_get_type(), InternetAddressGroup.self) {
                if let members = internet_address_group_get_members(group) { gather(members, into: &found) }
            } else if let mailbox = GMime.cast(
                one, to: internet_address_mailbox_get_type(), InternetAddressMailbox.self),
                let address = GMime.text(internet_address_mailbox_get_addr(mailbox)), !address.isEmpty
            {
                let name = GMime.text(internet_address_get_name(one)).flatMap { $0.isEmpty ? nil : $0 }
                found.append(Mailbox(name: name, address: address))
            }
        }
    }

    /// The addresses that stand in a text which is no list of them, each with the words before it.
    static func mailboxes(in text: String) -> [Mailbox] {
        var found: [Mailbox] = []
        var words: [Substring] = []
        for word in text.split(whereSeparator: { $0.isWhitespace || ",;<>\"".contains($0) }) {
            guard word.contains("@"), Normal.email(String(word)) != nil else {
                words.append(word)
                continue
            }
            found.append(
                Mailbox(name: words.isEmpty ? nil : words.joined(separator: " "), address: String(word)))
            words = []
        }
        return found
    }
}
