extension CSV {
    /// Reads records out of bytes that come in pieces. It holds one record and one piece, whatever the file's size.
    ///
    /// RFC 4180, and beyond it: LF and CR end a line too, blank lines are skipped, a leading byte order mark is
    /// dropped, a quote inside an unquoted field is itself. A record that cannot be read costs its first line only: a
    /// quote that somebody forgot to close does not swallow the rows after it.
    public struct Parser: Sendable {
        /// The most bytes that were held at once.
        public private(set) var peak = 0

        let format: Format
        /// A record of more bytes is broken.
        let limit: Int
        private(set) var buffer: [UInt8] = []
        private(set) var start = 0
        private var line = 1
        private(set) var atEnd = false
        private var begun = false
        /// Whether what comes is the rest of a line that was given up.
        private var skips = false
        /// As many fields as the first record has.
        private var width: Int?

        /// A parser at the start of a file.
        public init(_ format: Format = Format(), limit: Int = CSV.longest) {
            (self.format, self.limit) = (format, limit)
        }

        /// Takes the next piece of the file.
        public mutating func feed(_ bytes: some Collection<UInt8>) {
            buffer.removeSubrange(..<start)
            start = 0
            buffer.append(contentsOf: bytes)
            peak = max(peak, buffer.count)
        }

        /// Says that no piece follows.
        public mutating func finish() { atEnd = true }

        /// The next record or broken line; nil where more bytes are needed, or at the end.
        public mutating func next() -> Item? {
            guard skipMark(), skipRest() else { return nil }
            while start < buffer.count {
                let scan = scan()
                switch scan.end {
                case .more where buffer.count - start <= limit && !atEnd: return nil
                case .more: return broken(.tooLong, scan)
                case .record:
                    if let flaw = flaw(of: scan) { return broken(flaw, scan) }
                    let record = Record(line: line, fields: scan.fields)
                    advance(to: scan)
                    if record.fields == [""] && !scan.quoted { continue }
                    width = width ?? record.fields.count
                    return .record(record)
                case .flaw(let flaw): return broken(flaw, scan)
                }
            }
            return nil
        }

        private func flaw(of scan: Scan) -> Flaw? {
            if scan.next - start > limit { return .tooLong }
            if !scan.isUTF8 { return .notUTF8 }
            if scan.fields == [""], !scan.quoted { return nil }
            return width.map { $0 == scan.fields.count } == false ? .fieldCount : nil
        }

        /// Drops the byte order mark; false where the first bytes have not come.
        private mutating func skipMark() -> Bool {
            guard !begun else { return true }
            guard buffer.count >= 3 || atEnd else { return false }
            begun = true
            if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
            return true
        }

        private mutating func advance(to scan: Scan) {
            start = scan.next
            line += scan.lines
        }

        /// Gives up the first line of what was read, and goes on behind it; nil where its end has not come.
        private mutating func broken(_ flaw: Flaw, _ scan: Scan) -> Item? {
            let end = lineEnd()
            guard end != nil || atEnd || buffer.count - start > limit else { return nil }
            let text = String(decoding: buffer[start..<(end?.first ?? buffer.count)], as: UTF8.self)
            defer { line += 1 }
            start = end?.next ?? buffer.count
            skips = end == nil
            return .broken(line: line, flaw, text: text)
        }

        /// Drops the rest of a line that was longer than what is held; false where its end has not come.
        private mutating func skipRest() -> Bool {
            guard skips else { return true }
            let end = lineEnd()
            start = end?.next ?? buffer.count
            skips = end == nil
            return !skips
        }

        /// Where the first line ends and the next begins; nil where the buffer does not tell.
        private func lineEnd() -> (first: Int, next: Int)? {
            guard let end = buffer[start...].firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) else { return nil }
            guard buffer[end] == 0x0D else { return (end, end + 1) }
            guard end + 1 < buffer.count else { return atEnd ? (end, end + 1) : nil }
            return (end, buffer[end + 1] == 0x0A ? end + 2 : end + 1)
        }
    }
}
