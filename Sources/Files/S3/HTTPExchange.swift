import CCurl
import Synchronization

/// Sends single requests by libcurl, on connections that stay open. Who calls waits on its own thread (`Aside`).
final class HTTPExchange: Sendable {
    struct Answer: Sendable {
        var status = 0
        /// With names in small letters.
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        /// An answer is refused beyond this.
        fileprivate var limit = 0
    }

    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
    /// Handles that nobody uses.
    private let idle = Mutex<[Handle]>([])
    /// How many of them are kept.
    private static let kept = 8
    /// Seconds: slower than a kilobyte in each of so many is no connection any more.
    private let patience: Int

    init(patience: Int = 30) { self.patience = patience }

    /// One connection's worth of libcurl.
    private struct Handle: @unchecked Sendable {  // used by one thread at a time: who takes it has it alone
        let easy: UnsafeMutableRawPointer
    }

    deinit { for handle in idle.withLock({ $0 }) { curl_easy_cleanup(handle.easy) } }

    /// - Parameters:
    ///   - headers: `Name: value`; a name with a colon alone takes away what libcurl would send.
    ///   - limit: the most bytes of the answer's body.
    func send(
        _ method: String, _ url: String, _ headers: [String], _ body: [UInt8]?, limit: Int
    ) throws(StoreError) -> Answer {
        guard Self.isReady, let easy = idle.withLock({ $0.popLast() })?.easy ?? curl_easy_init() else {
            throw .unavailable("libcurl does not start")
        }
        defer { put(easy) }
        var list: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(list) }
        for header in headers + ["Expect:", "Content-Type:", "User-Agent: daybook"] {
            list = curl_slist_append(list, header)
        }
        var answer = Answer(limit: limit)
        let code = withUnsafeMutablePointer(to: &answer) { answer in
            set(easy, method, url, list, into: answer)
            guard let body else { return curl_easy_perform(easy) }
            return body.withUnsafeBytes { bytes in
                curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
                curl_set_pointer(easy, CURLOPT_POSTFIELDS, bytes.baseAddress)
                return curl_easy_perform(easy)
            }
        }
        guard code == CURLE_OK else { throw .unavailable(String(cString: curl_easy_strerror(code))) }
        answer.status = curl_status(easy)
        return answer
    }

    private func set(
        _ easy: UnsafeMutableRawPointer, _ method: String, _ url: String, _ headers: UnsafeMutablePointer<curl_slist>?,
        into answer: UnsafeMutablePointer<Answer>
    ) {
        curl_easy_reset(easy)
        // What it points to is copied.
        url.withCString { _ = curl_set_pointer(easy, CURLOPT_URL, $0) }
        if method == "HEAD" { curl_set_long(easy, CURLOPT_NOBODY, 1) }
        method.withCString { _ = curl_set_pointer(easy, CURLOPT_CUSTOMREQUEST, $0) }
        curl_set_pointer(easy, CURLOPT_HTTPHEADER, headers)
        curl_set_long(easy, CURLOPT_NOSIGNAL, 1)
        curl_set_long(easy, CURLOPT_CONNECTTIMEOUT, 10)
        curl_set_long(easy, CURLOPT_LOW_SPEED_LIMIT, 1000)
        curl_set_long(easy, CURLOPT_LOW_SPEED_TIME, patience)
        curl_set_pointer(easy, CURLOPT_WRITEDATA, answer)
        curl_set_taker(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let bytes, let answer = context?.assumingMemoryBound(to: Answer.self) else { return 0 }
            guard answer.pointee.body.count + size * count <= answer.pointee.limit else { return 0 }
            answer.pointee.body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: size * count))
            return size * count
        }
        curl_set_pointer(easy, CURLOPT_HEADERDATA, answer)
        curl_set_taker(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            guard let bytes, let answer = context?.assumingMemoryBound(to: Answer.self) else { return 0 }
            let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: size * count), as: UTF8.self)
            let pair = line.split(separator: ":", maxSplits: 1)
            if pair.count == 2 {
                answer.pointee.headers[pair[0].lowercased()] = String(
                    pair[1].drop { $0 == " " }.prefix { !$0.isNewline })
            }
            return size * count
        }
    }

    private func put(_ easy: UnsafeMutableRawPointer) {
        let isKept = idle.withLock { idle in
            if idle.count < Self.kept { idle.append(Handle(easy: easy)) }
            return idle.last?.easy == easy
        }
        if !isKept { curl_easy_cleanup(easy) }
    }
}
