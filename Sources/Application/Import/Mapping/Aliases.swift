/// YAML lets one node stand in many places (`&a`, `*a`); a few lines can so amount to a mapping larger than memory.
enum Aliases {
    /// More of them than any mapping needs, and fewer than make trouble.
    static let most = 16

    /// How often `*name` stands where an alias may stand. Text in quotes may be counted too.
    static func count(in yaml: String) -> Int {
        var count = 0
        var before = UInt8(ascii: "\n")
        var isStar = false
        for byte in yaml.utf8 {
            if isStar, !isSpace(byte) { count += 1 }
            isStar = byte == UInt8(ascii: "*") && (isSpace(before) || "[{,:-?".utf8.contains(before))
            before = byte
        }
        return count
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
}
