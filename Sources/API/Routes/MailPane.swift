import Application
import FoundationEssentials
import HTTPTypes
import Kernel
import Shipped

// MARK: What does a mail program show beside a message?

extension Routes {
    /// `/mail/…`: the page that a mail program opens beside a message, and the manifest by which it learns of it. They
    /// hold nothing of an organization; the page asks who is looking, and then `/lookup` and `/emails/archive`.
    var mailPane: [Route] {
        MailPane.files.map { file in
            Route(
                .get, "/mail/\(file.name)", "A part of what a mail program shows beside a message.", answer: .text,
                handler: .open { _ throws(Problem) in file.outcome })
        } + [manifest]
    }

    private var manifest: Route {
        let url = Route.Described(
            name: "url", detail: "Where mail programs find this server: https://crm.example.com, without a path.")
        return Route(
            .get, "/mail/add-in.xml", "The manifest of the web add-in for Outlook.", parameters: .only([url]),
            answer: .text,
            handler: .open { exchange throws(Problem) in
                guard let base = exchange.query.first.flatMap({ MailPane.base($0.value) }) else {
                    throw Problem(
                        "parameter.invalid", 400,
                        "Say where mail programs find this server, as url=https://crm.example.com; they take no other "
                            + "scheme.",
                        more: ["parameter": "url"])
                }
                var outcome = Outcome(body: Array(MailPane.manifest(at: base).utf8))
                outcome.contentType = "application/xml; charset=utf-8"
                return outcome
            })
    }
}

/// What is served for mail programs: the files in `mail`, as they are.
enum MailPane {
    /// One of them.
    struct File: Sendable {
        let name: String
        let contentType: String
        let bytes: [UInt8]
    }

    /// Those that are served under their names. An icon lies in base64, since all that is embedded is text.
    static let files: [File] = Shipped.files(in: "mail").compactMap { name, text in
        let parts = name.split(separator: ".").map(String.init)
        guard let type = types[parts.count > 1 ? parts[1] : ""] else { return nil }
        guard parts.last == "base64" else { return File(name: name, contentType: type, bytes: Array(text.utf8)) }
        let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters) ?? Data()
        return File(name: parts.dropLast().joined(separator: "."), contentType: type, bytes: Array(data))
    }
    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "png": "image/png",
    ]

    /// `https://crm.example.com`, with a port where one is needed.
    static func base(_ text: String) -> String? {
        let base = text.lowercased()
        return base.wholeMatch(of: /https:\/\/[a-z0-9](?:[a-z0-9.\-]*[a-z0-9])?(?::[0-9]{1,5})?/) == nil ? nil : base
    }

    static func manifest(at base: String) -> String {
        let template = Shipped.files(in: "mail").first { $0.name == "add-in.xml" }?.text ?? ""
        return template.replacing("{url}", with: base)
    }
}

extension MailPane.File {
    /// A page may run what comes from here and the library of the mail program, and stand beside a message only. Icons
    /// must be kept, or the program does not show them.
    fileprivate var outcome: Outcome {
        var outcome = Outcome(body: bytes)
        outcome.contentType = contentType
        outcome.headers[.cacheControl] = "public, max-age=3600"
        if name.hasSuffix(".html") {
            outcome.headers[.contentSecurityPolicy] =
                "default-src 'none'; script-src 'self' https://appsforoffice.microsoft.com https://ajax.aspnetcdn.com; "
                + "style-src 'self'; img-src 'self'; connect-src 'self'; frame-ancestors 'self' https://*.office.com "
                + "https://*.office365.com https://*.live.com https://*.cloud.microsoft"
        }
        return outcome
    }
}
