import CGMime

extension EmailMessage {
    /// How many texts and files of a message are looked at.
    private static let mostParts = 1000

    mutating func readBody(_ parsed: ParsedMessage) {
        var body = Body()
        if let root = g_mime_message_get_mime_part(parsed.message) { read(root, into: &body) }
        if !body.plain.isEmpty { text = body.plain.joined(separator: "\n\n") }
        if !body.html.isEmpty { html = body.html.joined(separator: "\n") }
        if text?.allSatisfy(\.isWhitespace) ?? true { text = html.map { PlainText(html: $0).text } ?? text }
    }

    private struct Body {
        var plain: [String] = []
        var html: [String] = []
        var count = 0
    }

    private mutating func read(_ object: UnsafeMutablePointer<GMimeObject>, into body: inout Body) {
        if let many = GMime.cast(object, to: g_mime_multipart_get_type(), GMimeMultipart.self) {
            readParts(of: many, object, into: &body)
        } else if let nested = GMime.cast(object, to: g_mime_message_part_get_type(), GMimeMessagePart.self) {
            readMessage(nested, object, into: &body)
        } else if let part = GMime.cast(object, to: g_mime_part_get_type(), GMimePart.self) {
            read(part, object, into: &body)
        }
    }

    private mutating func readParts(
        of many: UnsafeMutablePointer<GMimeMultipart>, _ object: UnsafeMutablePointer<GMimeObject>,
        into body: inout Body
    ) {
        if Self.type(of: object) == "multipart/encrypted" {
            warn(.encrypted, "What it says is encrypted; it is kept as it is.")
        }
        let count = g_mime_multipart_get_count(many)
        for index in 0..<count {
            guard let part = g_mime_multipart_get_part(many, index) else { continue }
            read(part, into: &body)
        }
        // Where nothing divides it, all of it stands before the first part.
        if count == 0, let all = GMime.text(g_mime_multipart_get_prologue(many)), !all.allSatisfy(\.isWhitespace) {
            body.plain.append(all)
        }
    }

    /// A message within a message stays a file: it has other people in it.
    private mutating func readMessage(
        _ nested: UnsafeMutablePointer<GMimeMessagePart>, _ object: UnsafeMutablePointer<GMimeObject>,
        into body: inout Body
    ) {
        guard let message = g_mime_message_part_get_message(nested), counts(&body) else { return }
        let bytes = GMime.written {
            _ = g_mime_object_write_to_stream(GMime.above(message, GMimeObject.self), nil, $0)
        }
        let subject = GMime.text(g_mime_message_get_subject(message)).flatMap { FileTitle($0)?.text } ?? "message"
        let name = FileTitle("\(subject).eml")?.text
        parts.append(Part(name: name, type: "message/rfc822", isInline: false, bytes: bytes))
    }

    private mutating func read(
        _ part: UnsafeMutablePointer<GMimePart>, _ object: UnsafeMutablePointer<GMimeObject>, into body: inout Body
    ) {
        guard counts(&body) else { return }
        let type = Self.type(of: object)
        let name = GMime.text(g_mime_part_get_filename(part)).flatMap { FileTitle($0)?.text }
        let disposition = GMime.text(g_mime_object_get_disposition(object))?.lowercased()
        let bytes = content(of: part, object)
        if disposition != "attachment", name == nil, type == "text/plain" || type == "text/html" {
            let said = GMime.text(g_mime_object_get_content_type_parameter(object, "charset"))
            let isHTML = type == "text/html"
            var read = Charset.read(bytes, said ?? (isHTML ? PlainText.charset(of: bytes) : nil))
            if read.text.utf8.contains(0) {
                warn(.zerosLeftOut, "A text has zero bytes.")
                read = Charset.Read(text: read.text.replacing("\0", with: ""), warning: read.warning)
            }
            if let warning = read.warning { warn(warning.code, warning.detail) }
            if isHTML { body.html.append(read.text) } else { body.plain.append(read.text) }
            return
        }
        if type == "application/ms-tnef" || name?.lowercased() == "winmail.dat" {
            warn(.notUnpacked, "\(name ?? "A part") is an Outlook package; it is kept as it is.")
        }
        parts.append(Part(name: name, type: type, isInline: disposition == "inline", bytes: bytes))
    }

    /// Counts a text or a file; false where there are more than are looked at.
    private mutating func counts(_ body: inout Body) -> Bool {
        body.count += 1
        if body.count > Self.mostParts { warn(.partsLeftOut, "Only the first \(Self.mostParts) parts are looked at.") }
        return body.count <= Self.mostParts
    }

    /// What a part holds, decoded.
    private mutating func content(
        of part: UnsafeMutablePointer<GMimePart>, _ object: UnsafeMutablePointer<GMimeObject>
    ) -> [UInt8] {
        guard let wrapper = g_mime_part_get_content(part) else { return [] }
        let encoding = g_mime_data_wrapper_get_encoding(wrapper)
        if encoding == GMIME_CONTENT_ENCODING_BASE64, let stream = g_mime_data_wrapper_get_stream(wrapper) {
            g_mime_stream_reset(stream)
            let letters = GMime.written { _ = g_mime_stream_write_to_stream(stream, $0) }.count {
                $0 > 0x20 && $0 < 0x7F
            }
            if letters % 4 != 0 { warn(.cutOff, "What is encoded in base64 ends in the middle.") }
            g_mime_stream_reset(stream)
        }
        let said = GMime.text(g_mime_object_get_header(object, "Content-Transfer-Encoding"))
        if encoding == GMIME_CONTENT_ENCODING_DEFAULT, let said, !said.allSatisfy(\.isWhitespace) {
            warn(.encodingUnknown, "Nobody knows the encoding \(said.prefix(40)); it is kept as it is.")
        }
        return GMime.written { _ = g_mime_data_wrapper_write_to_stream(wrapper, $0) }
    }

    private static func type(of object: UnsafeMutablePointer<GMimeObject>) -> String {
        guard let type = g_mime_object_get_content_type(object), let name = g_mime_content_type_get_mime_type(type)
        else { return "application/octet-stream" }
        defer { g_free(name) }
        return String(cString: name).lowercased()
    }
}
