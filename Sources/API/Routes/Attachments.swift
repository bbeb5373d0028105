import Application
import CRM
import FoundationEssentials
import HTTPTypes
import Kernel

// MARK: How do files come and go?

extension Routes {
    /// `POST /attachments`, `/attachments/{id}/content` and `/download`; what else can be asked of an attachment is as
    /// of any record.
    var attachments: [Route] {
        let path = "\(Self.base)/attachments"
        let content = Route.Described(
            name: "Range", detail: "bytes=0-1023: a part of it, answered 206; If-Range says of which version.")
        let quarantined = Route.Described(
            name: "quarantined", detail: "true: an owner looks at what a virus scanner found something in.")
        func bytes(_ name: String, _ summary: String, isShown: Bool) -> Route {
            Route(
                .get, "\(path)/{id}/\(name)", summary, parameters: .only([quarantined]), answer: .bytes([content]),
                handler: .known { exchange, caller throws(Problem) in
                    try await self.content(exchange, caller, isShown: isShown)
                })
        }
        return [
            Route(
                .post, path,
                "Attach a file to a record: by itself, what is said of it being parameters, or as a form's only file.",
                parameters: .only(
                    Self.uploading.map { Route.Described(name: $0.name, detail: "As the member of a form.") }),
                body: .upload(Self.uploading), answer: .command(201),
                handler: .upload { exchange, caller, inflow throws(Problem) in
                    try await receive(exchange, caller, inflow)
                }),
            bytes("content", "The bytes of a file, to be looked at where that is harmless.", isShown: true),
            bytes("download", "The bytes of a file, to be kept under its name.", isShown: false),
        ]
    }

    /// What can be said of a file besides its bytes. A form names it by its part.
    static let uploading =
        Attachment.fields.map { $0.name == "filename" ? $0.optional() : $0 } + [
            Field("person", .record(of: Subjects.people)), Field("sha256", .text(64)),
        ]

    // MARK: How does one come?

    private func receive(
        _ exchange: Exchange, _ caller: Caller, _ inflow: Inflow
    ) async throws(Problem) -> @Sendable () async throws(Problem) -> Outcome {
        let attachments = services.attachments
        try attachments.permit(caller)
        if let announced = inflow.announced { try attachments.fits(announced - Int64(UploadForm.limit)) }
        var form = try UploadForm(inflow)
        let received = try await attachments.receive(in: caller.organization) { file throws(Problem) in
            try await inflow.read { bytes throws(Problem) in try await form.take(bytes, into: &file) }
            try form.finish()
        }
        var said: [String: JSON]
        do throws(Problem) {
            said = try await self.said(form, exchange, inflow)
            let digest = form.isForm ? nil : inflow.digest
            for stated in try StatedDigest.all(said.removeValue(forKey: "sha256"), digest) {
                try stated.check(received.sha256)
            }
        } catch {
            await attachments.drop(received)
            throw error
        }
        let (type, members) = (form.declaredType, said)
        return { () throws(Problem) in
            let answer = try await attachments.add(
                received, members, declaredType: type, by: caller, key: exchange.conditions.key)
            return try Self.made(answer, below: "\(Self.base)/attachments")
        }
    }

    /// What is said of a file, in our words: as parameters and in the form.
    private func said(
        _ form: UploadForm, _ exchange: Exchange, _ inflow: Inflow
    ) async throws(Problem) -> [String: JSON] {
        let asked = exchange.query.map { (name: $0.name, text: $0.value) } + form.members
        let object = try UploadForm.object(asked, Self.uploading)
        var said = try await inflow.translate(.object(object)).object ?? [:]
        if said["filename"] == nil { said["filename"] = form.filename.map { .string(Self.lastPart(of: $0)) } }
        let unknown = said.keys.filter { name in
            !Self.uploading.contains { $0.name == name || $0.aliases.contains(name) }
        }
        guard unknown.isEmpty else { throw .unknown(unknown, Self.uploading) }
        return said
    }

    private static func made(_ answer: Answer, below path: String) throws(Problem) -> Outcome {
        guard let result = answer.results.first else { throw .fault }
        var outcome = Outcome(status: result.status, body(of: result, answer.position), position: answer.position)
        outcome.version = result.version
        outcome.location = "\(path)/\(result.id.text)"
        return outcome
    }

    /// Some clients send a whole path.
    private static func lastPart(of name: String) -> String {
        name.split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? name
    }

    // MARK: How does one go?

    private func content(_ exchange: Exchange, _ caller: Caller, isShown: Bool) async throws(Problem) -> Outcome {
        let purpose = try Self.purpose(exchange.query)
        let file = try await services.attachments.content(
            try exchange.id(of: Attachment.name), by: caller, for: purpose)
        let tag = "\"\(file.sha256)\""
        var outcome = Outcome(body: [])
        outcome.headers = [
            .eTag: tag, .acceptRanges: "bytes", .contentDisposition: disposition(of: file, isShown: isShown),
            // Whatever a file holds, it is nothing that this address says.
            .contentSecurityPolicy: "default-src 'none'; sandbox",
        ]
        outcome.contentType = file.mediaType
        let wanted = exchange.conditions.range
        if wanted.isKnown(tag) {
            outcome.status = 304
            return outcome
        }
        var range = 0..<file.size
        switch ByteRange(wanted.range, if: wanted.condition, is: tag, of: file.size) {
        case .whole: break
        case .part(let part):
            range = part
            outcome.status = 206
            outcome.headers[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(file.size)"
        case .unsatisfiable:
            throw Problem(
                "range.unsatisfiable", 416, "The file has \(file.size) bytes; there is nothing at that place.",
                more: ["size": .integer(file.size)])
        }
        outcome.length = Int(range.count)
        let part = range
        outcome.pieces = { send in try await file.read(part, send) }
        return outcome
    }

    private static func purpose(_ query: [Parameter]) throws(Problem) -> Attachments.Purpose {
        switch query.first?.value {
        case nil, "false": return .handingOut
        case "true": return .inspecting
        case _:
            throw Problem(
                "parameter.invalid", 400, "quarantined takes true or false.", more: ["parameter": "quarantined"])
        }
    }

    /// What a browser shows by itself without running anything is shown.
    private func disposition(of file: Attachments.Content, isShown: Bool) -> String {
        let harmless = [
            "application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp", "text/plain", "audio/mpeg",
            "video/mp4",
        ]
        let kind = isShown && harmless.contains(file.mediaType) ? "inline" : "attachment"
        return HeaderValue.disposition(kind, filename: file.filename)
    }
}

extension Problem {
    /// A form says what nobody asked.
    fileprivate static func unknown(_ names: some Sequence<String>, _ fields: [Field]) -> Problem {
        let known = fields.map(\.name).sorted().joined(separator: ", ")
        return .invalid(
            names.map { name in
                Flaw("/\(Pointer.escape(name))", "unknown_member", "there is no such member; known are \(known)")
            })
    }
}
