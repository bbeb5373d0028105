import CLibPQ

/// COPY, a buffer at a time: memory is bounded by the longest row.
extension BlockingConnection {
    /// Runs a `COPY … TO STDOUT` and hands over each row.
    ///
    /// In text format a row is its line with the line feed. In binary format the head and the end of the file are left
    /// out: a row is its 16-bit count of fields and the fields (`CopyRow` reads it). The buffer is gone after the call.
    /// When `row` throws, the server is told to stop, and the error goes on.
    public func copyOut(_ sql: String, _ row: (UnsafeRawBufferPointer) throws -> Void) throws {
        try copyOut(sql, atOnce: 1) { for bytes in $0 { try row(bytes) } }
    }

    /// The same, with up to so many rows at once: for who wants to see what comes next. All their buffers are gone
    /// after the call.
    public func copyOut(
        _ sql: String, atOnce most: Int, _ rows: ([UnsafeRawBufferPointer]) throws -> Void
    ) throws {
        try check()
        var held = HeldRows(isBinary: try start(sql, PGRES_COPY_OUT))
        do {
            while let buffer = try nextCopied() {
                held.take(buffer.pointer, buffer.count)
                if held.rows.count < most { continue }
                try rows(held.rows)
                held.removeAll()
            }
            if !held.rows.isEmpty { try rows(held.rows) }
        } catch {
            abandonCopyOut()
            throw error
        }
        try finishCopy()
    }

    /// Runs a `COPY … FROM STDIN`; `body` gets a function that sends bytes, in pieces of any size.
    ///
    /// When `body` throws, nothing is copied, and the error goes on. In binary format the bytes are what a
    /// `FieldWriter` makes by `copyHeader`, `copyRow` with its fields, and `copyTrailer`.
    /// - Returns: how many rows were copied.
    @discardableResult
    public func copyIn(
        _ sql: String, _ body: (_ write: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws -> Int {
        try check()
        _ = try start(sql, PGRES_COPY_IN)
        var wasEnded = false
        do {
            try body { bytes in
                if interrupt.isRequested { throw PostgresError(.cancelled, "cancelled while copying") }
                wasEnded = wasEnded || !send(bytes)
                if wasEnded { throw PostgresError(.unexpectedResult, "the server ended the COPY") }
            }
        } catch {
            _ = PQputCopyEnd(session.raw, "the client gave up")
            do throws(PostgresError) { try finishCopy() } catch let reason where wasEnded { throw reason } catch {}
            throw error
        }
        guard PQputCopyEnd(session.raw, nil) == 1 else { throw lost() }
        return try finishCopy()
    }

    /// False: the server has ended the COPY; its reason comes with the result.
    private func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 20))
            let status = piece.withMemoryRebound(to: CChar.self) {
                PQputCopyData(session.raw, $0.baseAddress, Int32($0.count))
            }
            guard status == 1 else { return false }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
        }
        return true
    }

    // MARK: - What do these stand on?

    /// Starts a COPY and tells whether it is in binary format.
    private func start(_ sql: String, _ wanted: ExecStatusType) throws(PostgresError) -> Bool {
        guard let raw = PQexec(session.raw, sql) else { throw lost() }
        defer { PQclear(raw) }
        let status = PQresultStatus(raw)
        if status == wanted { return PQbinaryTuples(raw) == 1 }
        if status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH { spoil() }
        if status == PGRES_FATAL_ERROR { throw failure(raw) }
        throw PostgresError(.unexpectedResult, "that is no COPY in the wanted direction")
    }

    private func nextCopied() throws(PostgresError) -> (pointer: UnsafeMutablePointer<CChar>, count: Int)? {
        var pointer: UnsafeMutablePointer<CChar>?
        let count = PQgetCopyData(session.raw, &pointer, 0)
        if let pointer, count > 0 { return (pointer, Int(count)) }
        if count == -2 { throw lost() }
        return nil
    }

    /// Takes the results that end a COPY.
    @discardableResult
    private func finishCopy() throws(PostgresError) -> Int {
        var affected = 0
        var error: PostgresError?
        while let raw = PQgetResult(session.raw) {
            let result = Result(raw)
            if PQresultStatus(raw) == PGRES_COMMAND_OK {
                affected = result.affected
            } else if error == nil {
                error = failure(raw)
                if session.isBroken { break }
            }
        }
        if let error { throw error }
        return affected
    }

    private func abandonCopyOut() {
        guard !session.isBroken, let cancel = PQgetCancel(session.raw) else { return spoil() }
        var message = [CChar](repeating: 0, count: 256)
        PQcancel(cancel, &message, 256)
        PQfreeCancel(cancel)
        while let rest = try? nextCopied() { PQfreemem(rest.pointer) }
        _ = try? finishCopy()
    }
}

/// Rows of a COPY in libpq's memory.
private struct HeldRows: ~Copyable {
    private let isBinary: Bool
    private var isFirst = true
    private var pointers: [UnsafeMutablePointer<CChar>] = []
    private(set) var rows: [UnsafeRawBufferPointer] = []

    init(isBinary: Bool) { self.isBinary = isBinary }
    deinit { for pointer in pointers { PQfreemem(pointer) } }

    mutating func take(_ pointer: UnsafeMutablePointer<CChar>, _ count: Int) {
        pointers.append(pointer)
        var bytes = UnsafeRawBufferPointer(start: pointer, count: count)
        if isBinary {
            // The head (11 bytes of signature, flags, the length of an extension) comes with the first row.
            if isFirst { bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(19)) }
            isFirst = false
            if bytes.count <= 2 { return }
        }
        rows.append(bytes)
    }

    mutating func removeAll() {
        for pointer in pointers { PQfreemem(pointer) }
        pointers.removeAll(keepingCapacity: true)
        rows.removeAll(keepingCapacity: true)
    }
}

/// Reads the fields of a row of a binary COPY.
public struct CopyRow {
    private let bytes: UnsafeRawBufferPointer
    private var position = 2
    /// How many fields the row has.
    public let count: Int

    /// The row that `copyOut` handed over; valid as long as its buffer.
    public init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        count = bytes.count < 2 ? 0 : Int(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
    }

    /// The next field, nil for NULL; throws `.unexpectedResult` behind the last one.
    public mutating func next() throws(PostgresError) -> UnsafeRawBufferPointer? {
        guard position + 4 <= bytes.count else { throw Self.short }
        let length = Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: Int32.self)))
        position += 4
        if length < 0 { return nil }
        guard position + length <= bytes.count else { throw Self.short }
        defer { position += length }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + length])
    }
    private static let short = PostgresError(.unexpectedResult, "the copied row has no further field")
}
