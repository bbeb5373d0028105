import CGMime
import Kernel

/// The library that reads mail, GMime 3: what of it is C.
enum GMime {
    /// Its tables are made once, before anything else of it is called.
    static let ready: Void = g_mime_init()

    /// The object as one of another class, if it is one. An object of C stays where it is: nothing is copied.
    static func cast<From, To>(_ object: UnsafeMutablePointer<From>, to type: GType, _: To.Type)
        -> UnsafeMutablePointer<To>?
    {
        let raw = UnsafeMutableRawPointer(object)
        let isOne = g_type_check_instance_is_a(raw.assumingMemoryBound(to: GTypeInstance.self), type) != 0
        return isOne ? raw.assumingMemoryBound(to: To.self) : nil
    }
    /// A class above it, which it always is.
    static func above<From, To>(_ object: UnsafeMutablePointer<From>, _: To.Type) -> UnsafeMutablePointer<To> {
        UnsafeMutableRawPointer(object).assumingMemoryBound(to: To.self)
    }

    static func text(_ pointer: UnsafePointer<CChar>?) -> String? { pointer.map { String(cString: $0) } }

    /// What `write` writes to a stream.
    static func written(_ write: (UnsafeMutablePointer<GMimeStream>) -> Void) -> [UInt8] {
        guard let stream = g_mime_stream_mem_new() else { return [] }
        defer { g_object_unref(stream) }
        write(stream)
        let memory = above(stream, GMimeStreamMem.self)
        guard let array = g_mime_stream_mem_get_byte_array(memory), let data = array.pointee.data else { return [] }
        return Array(UnsafeBufferPointer(start: data, count: Int(array.pointee.len)))
    }

    /// A moment of the library.
    static func sent(_ date: OpaquePointer) -> EmailMessage.Sent {
        let microseconds = Int64(g_date_time_to_unix(date)) * 1_000_000
        return EmailMessage.Sent(
            instant: Instant(microseconds: microseconds), offset: Int(g_date_time_get_utc_offset(date)) / 60_000_000)
    }
}

/// What the parser remarks while it reads; it is handed to C, which calls back with it.
final class Remarks {
    private(set) var all: [(what: GMimeParserWarning, item: String)] = []

    func take(_ what: GMimeParserWarning, _ item: String) { if all.count < 50 { all.append((what, item)) } }
}

/// A message as the library holds it; let go of with it.
final class ParsedMessage {
    let options: OpaquePointer
    let message: UnsafeMutablePointer<GMimeMessage>
    private let remarks: Remarks

    /// Nil: not one header can be read.
    init?(_ bytes: [UInt8]) {
        GMime.ready
        let remarks = Remarks()
        guard let options = g_mime_parser_options_new() else { return nil }
        g_mime_parser_options_set_allow_addresses_without_domain(options, 1)
        g_mime_parser_options_set_warning_callback(
            options,
            { _, what, item, box in
                guard let box else { return }
                let remarks = Unmanaged<Remarks>.fromOpaque(box).takeUnretainedValue()
                remarks.take(what, item.map { String(cString: $0) } ?? "")
            }, Unmanaged.passUnretained(remarks).toOpaque())
        Self.guessing(options)
        let stream = bytes.withUnsafeBytes {
            g_mime_stream_mem_new_with_buffer($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
        let parser = g_mime_parser_new_with_stream(stream)
        let message = g_mime_parser_construct_message(parser, options)
        g_object_unref(parser)
        g_object_unref(stream)
        guard let message else {
            g_mime_parser_options_free(options)
            return nil
        }
        (self.options, self.message, self.remarks) = (options, message, remarks)
    }

    deinit {
        g_object_unref(message)
        g_mime_parser_options_free(options)
    }

    /// What letters beyond ASCII are taken for where a header does not say.
    private static func guessing(_ options: OpaquePointer) {
        "utf-8".withCString { first in
            "windows-1252".withCString { second in
                var list: [UnsafePointer<CChar>?] = [first, second, nil]
                list.withUnsafeMutableBufferPointer {
                    g_mime_parser_options_set_fallback_charsets(options, $0.baseAddress)
                }
            }
        }
    }

    var object: UnsafeMutablePointer<GMimeObject> { GMime.above(message, GMimeObject.self) }
    func header(_ name: String) -> String? { GMime.text(g_mime_object_get_header(object, name)) }

    /// What was remarked so far: some of it only when a header is looked at.
    var warnings: [(EmailMessage.Warning.Code, String)] {
        remarks.all.map { what, item in
            let item = item.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            return (Self.code(of: what), item.isEmpty ? "The message is not as it must be." : item)
        }
    }

    private static func code(of remark: GMimeParserWarning) -> EmailMessage.Warning.Code {
        switch remark {
        case GMIME_WARN_DUPLICATED_HEADER, GMIME_CRIT_CONFLICTING_HEADER: .headerRepeated
        case GMIME_WARN_UNENCODED_8BIT_HEADER: .headerNotEncoded
        case GMIME_WARN_INVALID_RFC2047_HEADER_VALUE: .wordUnreadable
        case GMIME_CRIT_INVALID_HEADER_NAME: .headerUnreadable
        case GMIME_WARN_INVALID_ADDRESS_LIST: .addressUnreadable
        case GMIME_WARN_TRUNCATED_MESSAGE: .cutOff
        case GMIME_WARN_DUPLICATED_PARAMETER, GMIME_CRIT_CONFLICTING_PARAMETER, GMIME_WARN_INVALID_PARAMETER,
            GMIME_WARN_INVALID_CONTENT_TYPE:
            .contentTypeUnreadable
        // What breaks the structure, and what later versions of the library may remark.
        case _: .structureBroken
        }
    }
}
