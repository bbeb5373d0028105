import Application
import Kernel

/// A file as it is sent with a form, or by itself: its bytes go on to where they are kept, the rest is remembered.
struct UploadForm {
    /// What a client says of the file besides its bytes.
    private(set) var members: [(name: String, text: String)] = []
    /// What it calls the file.
    private(set) var filename: String?
    /// What it says the file is.
    private(set) var declaredType: String?

    /// Whether the file is a part of a form.
    var isForm: Bool { parser != nil }
    private var parser: MultipartParser?
    private var part = Part.none
    private var isFileThere = false
    private var size = 0

    private enum Part { case none, file, field(name: String, bytes: [UInt8]) }

    /// The most bytes of all that is no file, and of the parts around it.
    static let limit = 64 << 10

    /// - Throws: `body.not_a_file` where the content type says that it is a form and not how it is divided.
    init(_ inflow: Inflow) throws(Problem) {
        let type = HeaderValue(inflow.contentType ?? "")
        if type.value == "multipart/form-data" {
            guard let boundary = type.parameters["boundary"], (1...70).contains(boundary.utf8.count) else {
                throw Self.malformed
            }
            parser = MultipartParser(boundary: boundary)
            return
        }
        isFileThere = true
        declaredType = inflow.contentType
        filename = inflow.disposition.flatMap { HeaderValue($0).parameters["filename"] }
    }

    private static let malformed = Problem(
        "body.not_a_file", 400,
        "Send a file by itself with its Content-Type, or as multipart/form-data (RFC 7578) in a part with a filename.")

    /// Takes the next bytes of the body; those of the file go on.
    mutating func take(_ bytes: some Collection<UInt8>, into file: inout IncomingFile) async throws(Problem) {
        guard parser != nil else { return try await file.take(bytes) }
        let events: [MultipartParser.Event]
        do { events = try parser?.take(bytes) ?? [] } catch { throw Self.malformed }
        for event in events {
            switch (event, part) {
            case (.part(let headers), _): try begin(headers)
            case (.bytes(let bytes), .file): try await file.take(bytes)
            case (.bytes(let more), .field(let name, let bytes)):
                try count(more.count)
                part = .field(name: name, bytes: bytes + more)
            case (.partEnd, .field(let name, let bytes)):
                guard let text = String(validating: bytes, as: UTF8.self), !text.contains("\0") else {
                    throw Self.malformed
                }
                members.append((name, text))
                part = .none
            case (.partEnd, _): part = .none
            case (.passed(let bytes), _): try count(bytes)
            case (.bytes, .none): break
            }
        }
    }

    private mutating func begin(_ headers: [String]) throws(Problem) {
        try count(headers.reduce(100) { $0 + $1.utf8.count })
        var (disposition, type): (HeaderValue?, String?) = (nil, nil)
        for header in headers {
            let pair = header.split(separator: ":", maxSplits: 1)
            guard pair.count == 2 else { throw Self.malformed }
            switch pair[0].lowercased() {
            case "content-disposition": disposition = HeaderValue(String(pair[1]))
            case "content-type": type = String(pair[1])
            case _: break
            }
        }
        guard let disposition, disposition.value == "form-data", let name = disposition.parameters["name"] else {
            throw Self.malformed
        }
        guard let filename = disposition.parameters["filename"] else {
            part = .field(name: name, bytes: [])
            return
        }
        guard !isFileThere else {
            throw .invalid([Flaw("/\(Pointer.escape(name))", "duplicate", "one file is one attachment; send one")])
        }
        (isFileThere, part, self.filename, declaredType) = (true, .file, filename, type)
    }

    private mutating func count(_ bytes: Int) throws(Problem) {
        size += bytes
        guard size <= Self.limit else {
            throw Problem("body.too_large", 413, "What is said of a file may have at most \(Self.limit) bytes.")
        }
    }

    /// Nothing more comes.
    /// - Throws: where a form was cut short, or holds no file.
    func finish() throws(Problem) {
        guard parser?.isWhole != false else { throw Self.malformed }
        guard isFileThere else { throw .invalid([Flaw("/file", "required", "a part with a filename must be given")]) }
    }
}

extension UploadForm {
    /// What was said, as JSON: of a record `entity:id`, or an object, as an object; what is text as text.
    /// - Throws: `body.invalid` where a name is given twice.
    static func object(_ members: [(name: String, text: String)], _ fields: [Field]) throws(Problem) -> [String: JSON] {
        var (object, flaws): ([String: JSON], [Flaw]) = ([:], [])
        for (name, text) in members {
            if object[name] != nil {
                flaws.append(Flaw("/\(Pointer.escape(name))", "duplicate", "\(name) is given twice"))
            }
            let kind = fields.first { $0.name == name || $0.aliases.contains(name) }?.kind
            object[name] = kind.map { value(text, $0) } ?? .string(text)
        }
        guard flaws.isEmpty else { throw .invalid(flaws) }
        return object
    }

    private static func value(_ text: String, _ kind: Field.Kind) -> JSON {
        let parsed = text.hasPrefix("{") ? try? JSON(parsing: Array(text.utf8)) : nil
        switch kind {
        case .record:
            let words = text.split(separator: ":", maxSplits: 1).map(String.init)
            return parsed
                ?? (words.count == 2 ? ["entity": .string(words[0]), "id": .string(words[1])] : .string(text))
        case .custom, .object, .map, .entries, .anything: return parsed ?? .string(text)
        case .text, .paragraph, .integer, .decimal, .flag, .money, .day, .instant, .choice, .reference, .email, .phone,
            .link, .slug, .currency, .zone, .id, .value, .list:
            return .string(text)
        }
    }
}
