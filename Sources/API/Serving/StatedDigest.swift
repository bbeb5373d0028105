import Application
import Foundation
import Kernel

/// The SHA-256 that a client says a file's bytes have: what came otherwise is not kept.
struct StatedDigest: Sendable, Hashable {
    private let hex: String

    /// What was said: as the member `sha256`, in hex, and as `Content-Digest` (RFC 9530). Other algorithms than SHA-256
    /// are not looked at, as that allows.
    /// - Throws: where it is no SHA-256.
    static func all(_ member: JSON?, _ header: String?) throws(Problem) -> [StatedDigest] {
        var all: [StatedDigest] = []
        if let member {
            let text = member.string?.lowercased() ?? ""
            guard text.utf8.count == 64, text.allSatisfy(\.isHexDigit) else {
                throw malformed("64 hexadecimal digits are expected")
            }
            all.append(StatedDigest(hex: text))
        }
        for entry in (header ?? "").split(separator: ",") {
            let pair = entry.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard pair.count == 2, pair[0].lowercased() == "sha-256" else { continue }
            guard pair[1].count > 2, pair[1].hasPrefix(":"), pair[1].hasSuffix(":"),
                let bytes = Data(base64Encoded: String(pair[1].dropFirst().dropLast())), bytes.count == 32
            else { throw malformed("Content-Digest is sha-256=:…:, with 32 bytes in base64 between the colons") }
            all.append(StatedDigest(hex: Array(bytes).hex))
        }
        return all
    }

    /// - Throws: `attachment.checksum_wrong` where it is another than what came has.
    func check(_ received: String) throws(Problem) {
        guard hex != received else { return }
        throw Problem(
            "attachment.checksum_wrong", 422, "Other bytes came than were sent; send the file again.",
            more: ["stated": .string(hex), "received": .string(received)])
    }

    private static func malformed(_ detail: String) -> Problem {
        .invalid([Flaw("/sha256", "malformed", detail)])
    }
}
