import Kernel

/// A file's name as a message tells it, made one that can be kept: without folders, on one line, and of no more bytes
/// than file systems take. What is too long is cut between two characters, and its extension stays.
struct FileTitle {
    /// The name.
    let text: String

    /// What file systems take, in UTF-8.
    static let longest = 255
    /// A longer one is no extension.
    private static let longestExtension = 16

    /// Nil where nothing is left of it.
    init?(_ said: String) {
        let last = said.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? ""
        let kept = last.unicodeScalars.filter {
            $0.properties.isWhitespace || $0.properties.generalCategory != .control
        }
        guard let name = Normal.line(String(String.UnicodeScalarView(kept))), !name.allSatisfy({ $0 == "." }) else {
            return nil
        }
        text = Self.cut(name)
    }

    private static func cut(_ name: String) -> String {
        guard name.utf8.count > longest else { return name }
        var (stem, tail) = (name[...], name[name.endIndex...])
        if let dot = name.lastIndex(of: "."), dot > name.startIndex, name[dot...].utf8.count <= longestExtension {
            (stem, tail) = (name[..<dot], name[dot...])
        }
        let room = longest - tail.utf8.count
        var end = Self.end(stem.indices, of: stem, within: room)
        // One character can be of any length.
        if end == stem.startIndex { end = Self.end(stem.unicodeScalars.indices, of: stem, within: room) }
        return String(stem[..<end] + tail)
    }

    /// The last of these places before which a text has no more than so many bytes.
    private static func end(
        _ places: some Sequence<String.Index>, of text: Substring, within room: Int
    ) -> String.Index {
        places.prefix { text.utf8.distance(from: text.startIndex, to: $0) <= room }.reduce(text.startIndex) { $1 }
    }
}
