/// The files that come with Daybook: migrations, import mappings, projections, what mail programs show. They are part
/// of the binary.
public enum Shipped {
    /// The text of each file under `folder` ("schemas/log"), by file name, in order of name.
    public static func files(in folder: String) -> [(name: String, text: String)] {
        let prefix = folder + "/"
        return embedded.filter { $0.key.hasPrefix(prefix) }
            .map { (String($0.key.dropFirst(prefix.count)), $0.value) }
            .sorted { $0.0 < $1.0 }
    }
}
