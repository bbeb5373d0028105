import CRM
import Kernel
import Postgres

extension Queries {
    /// The whole list of an entity's records: `format` is csv, jsonl or mapping, and `past=true` tells what happened to
    /// each besides; the others are a list's own, but for those that choose a page of it.
    /// - Throws: what a list throws, as long as nothing was sent; `export.no_mapping` for records that no mapping makes
    ///   of ids alone.
    public func export(_ entity: String, _ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil)
        async throws(Problem) -> ListExport
    {
        let entity = try self.entity(entity)
        let (format, tellsPast, list) = try ListExport.read(parameters)
        let moment = try moment(list)
        guard !tellsPast || moment == nil else {
            throw .parameter("past", "What happened is told of records as they are; leave past out, or the moment.")
        }
        @Sendable func pasts(_ catalog: Catalog) -> Relation? {
            tellsPast ? catalog.relations["\(entity.name)_pasts"] : nil
        }
        // It stays the day on which it was asked, however long it takes.
        let asker = asker(caller)
        let rows = format == .mapping || format == .closing ? 1 : Queries.rows
        let (sheet, first) = try await answering { catalog throws(Problem) in
            let (subject, request) = try await listing(
                entity, list, catalog.at(moment), moment, asker, limit: rows, min)
            let defined = try await definitions(of: subject, catalog.at(moment), caller, min)
            let past = pasts(catalog)
            let sheet = Sheet(of: entity, request.shown, defined, hasPast: past != nil)
            let page = try await stretch(of: subject, request, after: nil, moment, caller, min)
            return (sheet, try await piece(page, format, sheet, entity, defined, past, caller, min))
        }
        return ListExport(format, of: entity.plural, first: first) { [self] cursor throws(Problem) in
            try await answering { catalog throws(Problem) in
                let (subject, request) = try await listing(
                    entity, list, catalog.at(moment), moment, asker, limit: rows, nil)
                let page = try await stretch(of: subject, request, after: cursor, moment, caller, nil)
                return try await piece(page, format, sheet, entity, [], pasts(catalog), caller, nil)
            }
        }
    }

    /// Rows that are asked for at once: more spare little, and are held all.
    private static let rows = 500

    /// A page as it is written. A mapping has no rows, and a sheet has its columns' names before the first.
    private func piece(
        _ page: Stretch, _ format: ListExport.Format, _ sheet: Sheet, _ entity: any Entity.Type,
        _ defined: [(key: String, definition: FieldSet.Definition)], _ past: Relation?, _ caller: Caller,
        _ min: PositionToken?
    ) async throws(Problem) -> ListExport.Piece {
        var documents: [JSON]?
        if let past, format == .csv || format == .jsonl {
            documents = try await self.documents(page.rows, with: past, caller, min)
        }
        return try reading {
            var bytes: [UInt8] = []
            switch format {
            case .mapping:
                bytes = Array(try ExportMapping(of: entity, sheet, defined).text.utf8)
                return ListExport.Piece(bytes: bytes, position: page.position)
            case .closing:
                let mapping = try ExportMapping(closing: entity, sheet, defined)
                return ListExport.Piece(bytes: Array(mapping.text.utf8), position: page.position)
            case .csv:
                if page.isFirst { bytes += sheet.header.utf8 }
                for row in try documents ?? page.rows.map({ try JSON(parsing: $0.bytea(0)) }) {
                    bytes += sheet.line(row).utf8
                }
            case .jsonl where documents != nil:
                for document in documents ?? [] { bytes += document.bytes + [0x0A] }
            case .jsonl:
                for row in page.rows {
                    // Line ends stand between the members of some documents, and in no text of theirs.
                    bytes += try row.bytea(0).map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }
                    bytes.append(0x0A)
                }
            }
            return ListExport.Piece(bytes: bytes, position: page.position, end: page.end)
        }
    }
}

extension ListExport {
    /// The format, whether what happened is told besides, and what is left for the list.
    fileprivate static func read(_ parameters: [Parameter]) throws(Problem) -> (Format, Bool, [Parameter]) {
        try ListRequest.refuseDoubles(parameters)
        var format = Format.csv
        var tellsPast = false
        for parameter in parameters {
            switch parameter.name {
            case "format":
                guard let known = Format(rawValue: parameter.value) else {
                    let all = Format.allCases.map(\.rawValue).joined(separator: ", ")
                    throw .parameter("format", "format is one of \(all).")
                }
                format = known
            case "past":
                guard ["true", "false"].contains(parameter.value) else {
                    throw .parameter("past", "past takes true or false.")
                }
                tellsPast = parameter.value == "true"
            case "limit", "cursor", "page", "page_size", "total":
                throw .parameter(parameter.name, "An export is the whole list; leave \(parameter.name) out.")
            case _: break
            }
        }
        return (format, tellsPast, parameters.filter { !["format", "past"].contains($0.name) })
    }
}
