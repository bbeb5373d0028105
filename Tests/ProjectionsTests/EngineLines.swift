import Foundation
import Kernel

@testable import Projections

extension Engine {
    /// An engine of one projection.
    convenience init(file: String, text: String) throws {
        self.init(Plan([try Definition.read(file: file, text: text)]))
    }

    /// Folds events, all with the same leaf.
    func apply(_ events: [Told]) {
        let leaf = [UInt8](repeating: 1, count: 32)
        for told in events {
            Array(told.type.utf8).withUnsafeBytes { type in
                Array(told.data.utf8).withUnsafeBytes { data in
                    leaf.withUnsafeBytes { leaf in
                        apply(
                            Event(
                                position: told.position, stream: Cell(told.stream), version: told.version, type: type,
                                schema: told.schema, data: data, private: UnsafeRawBufferPointer(start: nil, count: 0),
                                occurredAt: told.occurredAt - Epoch.microseconds,
                                recordedAt: told.occurredAt - Epoch.microseconds, actor: Cell(told.actor),
                                leaf: leaf.baseAddress!))
                    }
                }
            }
        }
    }

    /// The rows of its first projection in the form of `Naive.lines`; without id and version where the key is of
    /// values.
    func lines() throws -> [String] {
        let projection = projections[0]
        return try (0..<projection.rows.table.count).compactMap { n -> String? in
            let row = projection.rows.table[n]
            if row.position == 0 { return nil }
            var values: [String: Any] = [
                "position": Int(row.position), "created_at": Int(row.createdAt + Epoch.microseconds),
                "updated_at": Int(row.updatedAt + Epoch.microseconds),
            ]
            if projection.hasStreamRows {
                values["id"] = row.key.uuid.text
                values["version"] = Int(row.version)
            }
            for (i, column) in projection.definition.columns.enumerated() where row.has(i) {
                values[column.name] = try projection.value(row, i)
            }
            return Rendered.line(values)
        }.sorted()
    }
}

extension Projection {
    fileprivate func value(_ row: Projections.Row, _ i: Int) throws -> Any? {
        let cell = row.column(i)
        func text() -> String {
            String(
                decoding: UnsafeBufferPointer(start: rows.arena.start(cell), count: cell.pointee.length), as: UTF8.self)
        }
        switch definition.columns[i].type {
        case .bigint: return Int(cell.pointee.number)
        case .boolean: return cell.pointee.number == 1
        case .uuid: return cell.pointee.uuid.text
        case .date: return Day(number: Int32(cell.pointee.number + Epoch.days)).text
        case .timestamptz:
            let at = cell.pointee.number + Epoch.microseconds
            return definition.columns[i].name == "opened_at" ? Int(at) as Any : Instant(microseconds: at).text
        case .numeric: return Double(text()).map { NSNumber(value: $0) }
        case .text: return text()
        case .json:
            return try JSONSerialization.jsonObject(with: Data(text().utf8), options: .fragmentsAllowed)
        }
    }
}
