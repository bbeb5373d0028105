extension CSV.Parser {
    /// What one look at the buffer found, from the start of a record on.
    struct Scan {
        enum End {
            /// The record is whole.
            case record
            /// The buffer ended first.
            case more
            case flaw(CSV.Flaw)
        }
        var end = End.more
        var fields: [String] = []
        /// Where the next record begins.
        var next = 0
        /// Line ends passed, quoted ones included.
        var lines = 0
        var quoted = false
        var isUTF8 = true
    }

    func scan() -> Scan { buffer.withUnsafeBufferPointer { scan($0) } }

    private func scan(_ bytes: UnsafeBufferPointer<UInt8>) -> Scan {
        var scan = Scan()
        var at = start
        while true {
            if at < bytes.count, bytes[at] == 0x22 {
                guard let after = quoted(bytes, from: at + 1, &scan) else { return scan }
                at = after
            } else {
                at = plain(bytes, from: at, &scan)
            }
            guard at < bytes.count else {
                if atEnd { (scan.end, scan.next) = (.record, at) }
                return scan
            }
            if bytes[at] == format.delimiter {
                at += 1
                // A delimiter at the very end has an empty field behind it.
                guard at < bytes.count || atEnd else { return scan }
                continue
            }
            if bytes[at] == 0x0D {
                guard at + 1 < bytes.count || atEnd else { return scan }
                if at + 1 < bytes.count, bytes[at + 1] == 0x0A { at += 1 }
            }
            scan.lines += 1
            (scan.end, scan.next) = (.record, at + 1)
            return scan
        }
    }

    /// Reads a field without quotes; answers where it ends.
    private func plain(_ bytes: UnsafeBufferPointer<UInt8>, from first: Int, _ scan: inout Scan) -> Int {
        var at = first
        while at < bytes.count, bytes[at] != format.delimiter, bytes[at] != 0x0A, bytes[at] != 0x0D { at += 1 }
        add(UnsafeBufferPointer(rebasing: bytes[first..<at]), to: &scan)
        return at
    }

    /// Reads a field behind its opening quote; answers where it ends, nil where it does not.
    private func quoted(_ bytes: UnsafeBufferPointer<UInt8>, from first: Int, _ scan: inout Scan) -> Int? {
        var text: [UInt8] = []
        var (at, from) = (first, first)
        scan.quoted = true
        while at < bytes.count {
            switch bytes[at] {
            case 0x22:
                text.append(contentsOf: bytes[from..<at])
                guard at + 1 < bytes.count || atEnd else { return nil }
                guard at + 1 < bytes.count, bytes[at + 1] == 0x22 else {
                    return close(bytes, text, at + 1, &scan)
                }
                text.append(0x22)
                at += 2
                from = at
            case 0x0A:
                // The CR of a CRLF was counted.
                if at == first || bytes[at - 1] != 0x0D { scan.lines += 1 }
                at += 1
            case 0x0D:
                scan.lines += 1
                at += 1
            default: at += 1
            }
        }
        if atEnd || bytes.count - start > limit { scan.end = .flaw(.unclosedQuote) }
        return nil
    }

    private func close(
        _ bytes: UnsafeBufferPointer<UInt8>, _ text: [UInt8], _ at: Int, _ scan: inout Scan
    ) -> Int? {
        let isEnd = at == bytes.count || bytes[at] == format.delimiter || bytes[at] == 0x0A || bytes[at] == 0x0D
        guard isEnd else {
            scan.end = .flaw(.textAfterQuote)
            return nil
        }
        text.withUnsafeBufferPointer { add($0, to: &scan) }
        return at
    }

    private func add(_ bytes: UnsafeBufferPointer<UInt8>, to scan: inout Scan) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            scan.isUTF8 = false
            scan.fields.append(String(decoding: bytes, as: UTF8.self))
            return
        }
        scan.fields.append(text)
    }
}
