/// A whole list on its way out. It is asked for page by page while it is sent, so that no more than a page is held,
/// however many rows there are and however slowly they are taken.
public struct ListExport: Sendable {
    /// How it is written.
    public enum Format: String, Sendable, CaseIterable {
        /// One row a line, a column for each value.
        case csv
        /// One record a line, as the list answers it.
        case jsonl
        /// No rows, but the mapping by which an import reads those of `csv`.
        case mapping
        /// The mapping by which what ends these records, or refers back, is read of the same rows, when all others are
        /// there.
        case closing
    }

    /// How it is written.
    public let format: Format
    /// What state of the log its first page reflects; later pages reflect later ones.
    public let position: PositionToken
    private let name: String
    private let first: Piece
    private let following: @Sendable (Cursor) async throws(Problem) -> Piece

    /// A page in its written form.
    struct Piece: Sendable {
        let bytes: [UInt8]
        let position: PositionToken
        /// Where it ends; nil where nothing follows.
        var end: Cursor?
    }

    init(
        _ format: Format, of name: String, first: Piece,
        following: @escaping @Sendable (Cursor) async throws(Problem) -> Piece
    ) {
        (self.format, self.name, self.first, self.following) = (format, name, first, following)
        position = first.position
    }

    /// `text/csv; charset=utf-8`.
    public var contentType: String {
        switch format {
        case .csv: "text/csv; charset=utf-8"
        case .jsonl: "application/jsonl"
        case .mapping, .closing: "application/yaml"
        }
    }
    /// `contacts.csv`.
    public var fileName: String {
        switch format {
        case .csv, .jsonl: "\(name).\(format.rawValue)"
        case .mapping: "\(name).yaml"
        case .closing: "\(name)-after.yaml"
        }
    }

    /// Sends all of it, a page at a time.
    /// - Throws: what `send` throws, or why there is no next page: what was sent is then not the whole list.
    public func write(_ send: ([UInt8]) async throws -> Void) async throws {
        try await send(first.bytes)
        var end = first.end
        while let cursor = end {
            try Task.checkCancellation()
            let piece = try await following(cursor)
            try await send(piece.bytes)
            end = piece.end
        }
    }
}
