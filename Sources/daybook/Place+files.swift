import Application
import Files
import Foundation

extension Place {
    /// How files of records are kept: in `attachments` in the data folder, in the folder that the setting of that name
    /// says, or, where it says `s3://bucket/prefix`, in a bucket.
    func files() throws -> Attachments.Options {
        let settings = try settings()
        var options = Attachments.Options(store: try store(settings.text("attachments"), settings))
        if let limit = settings.text("attachment-limit") {
            guard let bytes = Self.bytes(limit) else {
                throw Exit(.lacking, "The setting attachment-limit takes a size such as 25m or 2g, not \(limit).")
            }
            options.limit = bytes
        }
        if let scanner = settings.text("virus-scanner") {
            guard let address = Clamd.Address(scanner) else {
                throw Exit(
                    .lacking,
                    "The setting virus-scanner takes clamd's socket (/run/clamav/clamd.ctl) or host:port, not "
                        + "\(scanner)."
                )
            }
            options.scanner = Clamd(address)
        }
        return options
    }

    private func store(_ named: String?, _ settings: Settings) throws -> any FileStore {
        let bucket = "s3://"
        guard let named, named.hasPrefix(bucket) else {
            let path = named.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
            return FolderStore(path ?? folder + "/attachments")
        }
        let parts = named.dropFirst(bucket.count).split(separator: "/", maxSplits: 1).map(String.init)
        func needed(_ name: String) throws -> String {
            guard let value = settings.text(name) else {
                throw Exit(.lacking, "Files in a bucket need the setting \(name).")
            }
            return value
        }
        guard let name = parts.first else {
            throw Exit(.lacking, "The setting attachments takes a folder or s3://bucket/prefix, not \(named).")
        }
        let prefix = parts.count > 1 ? parts[1] + (parts[1].hasSuffix("/") ? "" : "/") : ""
        let about = S3Store.Settings(
            endpoint: try needed("s3-endpoint"), region: settings.text("s3-region") ?? "us-east-1", bucket: name,
            prefix: prefix, keyID: try needed("s3-key-id"), secret: try secret(settings))
        return S3Store(about, clock: Clock.now)
    }

    /// From the environment or a file, never from a list of settings that people show each other.
    private func secret(_ settings: Settings) throws -> String {
        if let secret = ProcessInfo.processInfo.environment["DAYBOOK_S3_SECRET"], !secret.isEmpty { return secret }
        guard let file = settings.text("s3-secret-file"),
            let text = try? String(contentsOfFile: file, encoding: .utf8)
        else {
            throw Exit(
                .lacking,
                "Files in a bucket need the key's secret: name its file by s3-secret-file, or set "
                    + "DAYBOOK_S3_SECRET.")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// `1000`, `64k`, `25m`, `2g`: binary units.
    private static func bytes(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30]
        let unit = text.lowercased().last.flatMap { units[$0] }
        guard let count = Int64(unit == nil ? text : String(text.dropLast())), count > 0, count <= 1 << 40,
            unit == nil || count <= 1 << 20
        else { return nil }
        return count * (unit ?? 1)
    }
}
