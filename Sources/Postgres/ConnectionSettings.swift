import CLibPQ

/// Where to connect, as which role, with which settings of the session.
///
/// TLS, passwords, several hosts and time limits are libpq's, by its URL: `sslmode=verify-full&sslrootcert=…`.
/// A password never shows in `description`.
public struct ConnectionSettings: Sendable, CustomStringConvertible {
    /// A libpq URL (`postgresql://…`) or a conninfo string (`host=… dbname=…`).
    public var url: String
    /// The role that the session takes at its start; it stays the login's own without one.
    public var role: String?
    /// Settings of the session: `statement_timeout`, `default_transaction_isolation`, `plan_cache_mode`, …
    public var settings: [String: String]

    /// Settings for connections.
    public init(url: String, role: String? = nil, settings: [String: String] = [:]) {
        self.url = url
        self.role = role
        self.settings = settings
    }

    /// The same, as another role.
    public func with(role: String?) -> ConnectionSettings {
        var copy = self
        copy.role = role
        return copy
    }

    /// The same with more settings, which win over those of the same name.
    public func with(settings more: [String: String]) -> ConnectionSettings {
        var copy = self
        copy.settings.merge(more) { _, new in new }
        return copy
    }

    /// The role and the settings, never the URL.
    public var description: String {
        "connection as \(role ?? "the login") with \(settings.sorted { $0.key < $1.key })"
    }

    // MARK: - What does libpq get?

    /// All of it as one libpq URL, for `psql` and other programs; it has the password, if the settings' URL has one.
    public func completeURL() throws(PostgresError) -> String {
        let pairs = try stated().map { "\($0.keyword)=\(percentEncoded($0.value))" }
        return "postgresql:///?" + pairs.joined(separator: "&")
    }

    /// The URL's own keywords, then ours, with what makes a connection of Daybook's good.
    func keywords(name: String) throws(PostgresError) -> [(keyword: String, value: String)] {
        var all = try stated()
        func has(_ keyword: String) -> Bool { all.contains { $0.keyword == keyword } }
        if !has("application_name"), settings["application_name"] == nil { all.append(("application_name", name)) }
        // Without these a server that vanished from the network is noticed after hours. Sockets of unix ignore them.
        for (keyword, value) in Self.impatience where !has(keyword) { all.append((keyword, value)) }
        return all + [("client_encoding", "UTF8")]
    }

    /// What the URL says; the role and the settings are in `options`, behind what the URL has there.
    private func stated() throws(PostgresError) -> [(keyword: String, value: String)] {
        var message: UnsafeMutablePointer<CChar>?
        guard let parsed = PQconninfoParse(url, &message) else {
            PQfreemem(message)  // It may quote the password.
            throw PostgresError(
                .invalidSettings,
                "the database URL is not understood: it is postgresql://user@host/database or host=… dbname=…")
        }
        defer { PQconninfoFree(parsed) }
        var all: [(keyword: String, value: String)] = []
        var option = parsed
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { all.append((String(cString: keyword), String(cString: value))) }
            option += 1
        }
        var options = all.filter { $0.keyword == "options" }.map(\.value)
        all.removeAll { $0.keyword == "options" || $0.keyword == "client_encoding" }
        let own = settings.sorted { $0.key < $1.key } + (role.map { [(key: "role", value: $0)] } ?? [])
        options += own.map { "-c \($0.key)=\(Self.escaped($0.value))" }
        if !options.isEmpty { all.append(("options", options.joined(separator: " "))) }
        return all
    }

    private static let impatience = [
        ("connect_timeout", "10"), ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
        ("tcp_user_timeout", "60000"),
    ]

    /// In `options` a space ends an argument unless a backslash stands before it.
    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { escaped, character in
            if character == " " || character == "\\" { escaped.append("\\") }
            escaped.append(character)
        }
    }

    /// Calls `body` with the two NULL-terminated arrays that PQconnectStartParams takes.
    func withKeywords<R>(
        name: String, _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> R
    ) throws(PostgresError) -> R {
        let all = try keywords(name: name)
        let keywords = CStrings(all.map(\.keyword))
        let values = CStrings(all.map(\.value))
        return withExtendedLifetime((keywords, values)) { body(keywords.pointer, values.pointer) }
    }
}

/// A value for a URL: all but unreserved characters and slashes is escaped (RFC 3986 §2.1).
func percentEncoded(_ text: String) -> String {
    text.utf8.map { byte in
        let character = Character(UnicodeScalar(byte))
        if byte < 128 && (character.isLetter || character.isNumber || "-._~/".contains(character)) {
            return String(character)
        }
        return (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
    }.joined()
}

/// A NULL-terminated array of C strings.
final class CStrings {
    let pointer: UnsafePointer<UnsafePointer<CChar>?>
    private let storage: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>

    init(_ strings: [String]) {
        storage = .allocate(capacity: strings.count + 1)
        storage.initialize(repeating: nil)
        for (index, string) in strings.enumerated() {
            let bytes = UnsafeMutableBufferPointer<CChar>.allocate(capacity: string.utf8.count + 1)
            _ = bytes.initialize(from: string.utf8CString)
            storage[index] = UnsafePointer(bytes.baseAddress)
        }
        pointer = UnsafePointer(storage.baseAddress!)
    }

    deinit {
        for string in storage { string?.deallocate() }
        storage.deallocate()
    }
}
