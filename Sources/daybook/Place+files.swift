import Application
import Files
import Foundation

extension Place {
    /// Where files of records are kept: `attachments` in the data folder, unless the setting of that name says which
    /// folder it is.
    func files() throws -> Attachments.Options {
        let settings = try settings()
        let named = settings.text("attachments").map { URL(fileURLWithPath: $0).standardizedFileURL.path }
        var options = Attachments.Options(store: FolderStore(named ?? folder + "/attachments"))
        if let limit = settings.text("attachment-limit") {
            guard let bytes = Self.bytes(limit) else {
                throw Exit(
                    .lacking, "The setting attachment-limit takes a size such as 25m or 2g, not \(limit).")
            }
            options.limit = bytes
        }
        return options
    }

    /// `1000`, `64k`, `25m`, `2g`: binary units.
    private static func bytes(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30]
        let unit = text.lowercased().last.flatMap { units[$0] }
        guard let count = Int64(unit == nil ? text : String(text.dropLast())),
            (1...1 << 20).contains(count) || unit == nil,
            count > 0
        else { return nil }
        return count * (unit ?? 1)
    }
}
