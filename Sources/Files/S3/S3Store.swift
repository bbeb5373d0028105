import FoundationEssentials
import Glibc
import Kernel
import Synchronization
import Vault

/// Files in a bucket of a service that speaks S3: Amazon's, or one of the many that are compatible with it. A file is
/// the object `<prefix><organization>/<id>`; buckets are named in the path, which all of them understand.
public struct S3Store: FileStore {
    /// Where the bucket is, and who may use it.
    public struct Settings: Sendable {
        /// `https://s3.eu-central-1.amazonaws.com`, `http://127.0.0.1:8333`.
        public var endpoint: String
        /// What the service calls the place: `eu-central-1`; for many services any.
        public var region: String
        /// The bucket, which is there.
        public var bucket: String
        /// Before the name of each object.
        public var prefix: String
        /// The access key's id.
        public var keyID: String
        /// Its secret, which is never shown.
        public var secret: String

        /// Settings.
        public init(
            endpoint: String, region: String, bucket: String, prefix: String = "", keyID: String, secret: String
        ) {
            (self.endpoint, self.region, self.bucket, self.prefix) = (endpoint, region, bucket, prefix)
            (self.keyID, self.secret) = (keyID, secret)
        }
    }

    /// 4 MiB: each piece is a request.
    public let piece = 4 << 20
    let client: S3Client
    let partLength: Int

    /// - Parameters:
    ///   - partLength: files that are longer are put in parts of so many bytes: 5 MiB, which is the least that services
    ///     take.
    ///   - clock: the time that requests tell; services refuse one that is a quarter of an hour off.
    public init(_ settings: Settings, partLength: Int = 5 << 20, clock: @escaping @Sendable () -> Instant) {
        client = S3Client(settings, clock: clock)
        self.partLength = partLength
    }

    /// Makes the bucket, where that is ours to do.
    public func makeBucket() async throws(StoreError) {
        try await Aside.run { [client] () throws(StoreError) in _ = try client.ask("PUT", nil, fine: [200, 409]) }
    }

    /// Begins a file in memory; what is longer than a part goes there as it comes.
    public func begin(_ name: FileName, headLength: Int) async throws(StoreError) -> any FileWriter {
        S3Writer(client, name.text, partLength: partLength)
    }

    /// Reads by one request.
    public func read(_ name: FileName, at offset: Int64, count: Int) async throws(StoreError) -> [UInt8] {
        if count == 0 { return [] }
        let range = "bytes=\(offset)-\(offset + Int64(count) - 1)"
        return try await Aside.run { [client] () throws(StoreError) in
            let answer = try client.ask(
                "GET", name.text, headers: [("range", range)], limit: count + S3Client.talk, fine: [200, 206, 416])
            switch answer.status {
            case 206: return answer.body
            case 416: return []
            default: return Array(answer.body.dropFirst(Int(offset)).prefix(count))
            }
        }
    }

    /// Takes the object away.
    public func remove(_ name: FileName) async throws(StoreError) {
        try await Aside.run { [client] () throws(StoreError) in
            _ = try client.ask("DELETE", name.text, fine: [200, 204, 404])
        }
    }

    /// Goes through the bucket, a thousand objects at a time.
    public func list(_ body: ([StoredFile]) async throws -> Void) async throws {
        var token: String?
        repeat {
            let more = token
            let page = try await Aside.run { [client] () throws(StoreError) in
                var query = [("list-type", "2"), ("prefix", client.prefix)]
                if let more { query.append(("continuation-token", more)) }
                return try client.page(query)
            }
            let files = try page.elements("Contents").compactMap { object in try file(object) }
            if !files.isEmpty { try await body(files) }
            token = try page.next("NextContinuationToken")
        } while token != nil
    }

    /// A file of a list; nil where it is none of ours.
    private func file(_ object: String) throws(StoreError) -> StoredFile? {
        guard let key = object.element("Key") else { throw .listUnreadable }
        guard key.hasPrefix(client.prefix), let name = FileName(key.dropFirst(client.prefix.count)) else { return nil }
        guard let size = object.element("Size").flatMap({ Int64($0) }),
            let storedAt = object.element("LastModified").flatMap({ Instant($0) })
        else { throw .listUnreadable }
        return StoredFile(name, size: size, storedAt: storedAt)
    }

    /// Aborts uploads in parts that were begun before and that nobody finished.
    public func sweep(before moment: Instant) async throws(StoreError) {
        try await Aside.run { [client] () throws(StoreError) in
            var failure: StoreError?
            var marker: (key: String, id: String)?
            repeat {
                var query = [("uploads", ""), ("prefix", client.prefix)]
                if let marker { query += [("key-marker", marker.key), ("upload-id-marker", marker.id)] }
                let page = try client.page(query)
                for upload in page.elements("Upload") {
                    do throws(StoreError) { try client.abort(upload, ifBegunBefore: moment) } catch {
                        failure = failure ?? error
                    }
                }
                marker = try page.next("NextKeyMarker").map { ($0, page.element("NextUploadIdMarker") ?? "") }
            } while marker != nil
            if let failure { throw failure }
        }
    }
}

extension S3Client {
    /// A page of a list of what is in the bucket.
    fileprivate func page(_ query: [(String, String)]) throws(StoreError) -> String {
        String(decoding: try ask("GET", nil, query: query).body, as: UTF8.self)
    }

    /// Aborts an upload of a list.
    fileprivate func abort(_ upload: String, ifBegunBefore moment: Instant) throws(StoreError) {
        guard let key = upload.element("Key"), key.hasPrefix(prefix), let id = upload.element("UploadId"),
            let begun = upload.element("Initiated").flatMap({ Instant($0) }), begun < moment
        else { return }
        let name = String(key.dropFirst(prefix.count))
        _ = try ask("DELETE", name, query: [("uploadId", id)], fine: [200, 204, 404])
    }
}

extension String {
    /// What the next page of a list is asked for by; nil where this is the last one.
    fileprivate func next(_ marker: String) throws(StoreError) -> String? {
        guard element("IsTruncated") == "true" else { return nil }
        guard let next = element(marker) else { throw .listUnreadable }
        return next
    }
}

extension StoreError {
    fileprivate static let listUnreadable = StoreError.refused("its list of objects is not as S3 writes it")
}

// MARK: - How is a file put there?

/// A file on its way into a bucket. Its first part is put last, since its head is known last; a part is done when the
/// service says so, and the file is there when all are put together.
private final class S3Writer: FileWriter {
    private let client: S3Client
    private let name: String
    private let partLength: Int
    private let state = Mutex(State())

    private struct State {
        /// The first part, without the head, and of what comes behind it what is no whole part yet.
        var first: [UInt8] = []
        var rest: [UInt8] = []
        var upload: String?
        /// The tags of those behind the first, in order.
        var tags: [String] = []
        /// How many bytes those have.
        var put = 0
        var isOver = false
    }

    init(_ client: S3Client, _ name: String, partLength: Int) {
        (self.client, self.name, self.partLength) = (client, name, partLength)
    }

    func write(_ bytes: [UInt8]) async throws(StoreError) {
        let parts = state.withLock { state -> [[UInt8]] in
            let room = max(0, partLength - state.first.count)
            state.first += bytes.prefix(room)
            state.rest += bytes.dropFirst(room)
            var parts: [[UInt8]] = []
            while state.rest.count >= partLength {
                parts.append(Array(state.rest.prefix(partLength)))
                state.rest.removeFirst(partLength)
            }
            return parts
        }
        if parts.isEmpty { return }
        try await Aside.run { [self] () throws(StoreError) in for part in parts { try put(part) } }
    }

    func finish(head: [UInt8]) async throws(StoreError) {
        try await Aside.run { [self] () throws(StoreError) in
            let (first, rest, isWhole) = state.withLock { ($0.first, $0.rest, $0.upload == nil && $0.rest.isEmpty) }
            if isWhole {
                _ = try client.ask("PUT", name, body: head + first)
            } else {
                if !rest.isEmpty { try put(rest) }
                try complete(head + first)
            }
            state.withLock { $0.isOver = true }
        }
    }

    func abandon() async {
        let upload = state.withLock { state -> String? in
            defer { state.isOver = true }
            return state.isOver ? nil : state.upload
        }
        guard let upload else { return }
        try? await Aside.run { [client, name] () throws(StoreError) in
            _ = try client.ask("DELETE", name, query: [("uploadId", upload)], fine: [200, 204, 404])
        }
    }

    /// Puts a part behind the others.
    private func put(_ part: [UInt8]) throws(StoreError) {
        let upload = try begun()
        let number = state.withLock { $0.tags.count } + 2
        let tag = try put(part, number, upload)
        state.withLock { state in
            state.tags.append(tag)
            state.put += part.count
        }
    }

    private func put(_ part: [UInt8], _ number: Int, _ upload: String) throws(StoreError) -> String {
        let query = [("partNumber", String(number)), ("uploadId", upload)]
        guard let tag = try client.ask("PUT", name, query: query, body: part).headers["etag"] else {
            throw .refused("a part came back without its tag")
        }
        return tag
    }

    private func begun() throws(StoreError) -> String {
        if let upload = state.withLock({ $0.upload }) { return upload }
        let answer = try client.ask("POST", name, query: [("uploads", "")], body: [])
        guard let upload = String(decoding: answer.body, as: UTF8.self).element("UploadId") else {
            throw .refused("an upload in parts has no id")
        }
        state.withLock { $0.upload = upload }
        return upload
    }

    private func complete(_ first: [UInt8]) throws(StoreError) {
        let upload = try begun()
        let tags = [try put(first, 1, upload)] + state.withLock { $0.tags }
        let parts = tags.enumerated().map { index, tag in
            "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(tag)</ETag></Part>"
        }
        let list = "<CompleteMultipartUpload>\(parts.joined())</CompleteMultipartUpload>"
        let size = first.count + state.withLock { $0.put }
        do throws(StoreError) {
            _ = try client.ask(
                "POST", name, query: [("uploadId", upload)], body: Array(list.utf8), flaw: Self.laterFlaw)
        } catch {
            // The answer may be lost and the file be there; asked again, the service does not know the upload any more.
            guard isThere(size) else { throw error }
        }
    }

    /// It may fail after it has said that all is well.
    private static func laterFlaw(_ answer: HTTPExchange.Answer) -> StoreError? {
        let text = String(decoding: answer.body, as: UTF8.self)
        guard text.contains("<Error>") else { return nil }
        return .unavailable(text.element("Code") ?? "the parts were not put together")
    }

    private func isThere(_ size: Int) -> Bool {
        let answer = try? client.ask("HEAD", name)
        return answer?.headers["content-length"] == String(size)
    }
}
