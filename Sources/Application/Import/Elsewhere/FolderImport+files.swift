import CRM
import Foundation
import Kernel

/// How files reach the server.
public struct FileCarrier: Sendable {
    let get: @Sendable (_ path: String) async throws -> JSON
    let post: @Sendable (_ path: String, _ file: String, _ mediaType: String, _ key: String) async throws -> JSON
    let change: @Sendable (_ path: String, _ body: JSON) async throws -> Void

    /// - Parameters:
    ///   - get: gets a document below `/api/v1`.
    ///   - post: posts the bytes of a file below `/api/v1`; a repeat under the same key does nothing more.
    ///   - change: changes a record below `/api/v1`.
    public init(
        get: @escaping @Sendable (_ path: String) async throws -> JSON,
        post:
            @escaping @Sendable (_ path: String, _ file: String, _ mediaType: String, _ key: String) async throws
            -> JSON,
        change: @escaping @Sendable (_ path: String, _ body: JSON) async throws -> Void
    ) {
        (self.get, self.post, self.change) = (get, post, change)
    }
}

extension FolderImport {
    /// The folder beside the tables in which the bytes of files lie, each under its id.
    public static let files = "files"

    /// Puts files on the records that were imported. One of the same name and bytes that is there stays as it is.
    func carry(_ part: Part, by carrier: FileCarrier) async throws -> FileSummary {
        var freight = Freight(options, owners, part.survey, carrier)
        var fates: [Int: RowFate] = [:]
        let rows = try part.table.rows()
        _ = try rows.next()
        while let item = try rows.next() {
            guard case .record(let record) = item else { continue }
            do { fates[record.line] = try await freight.take(record.fields) } catch let problem as Problem {
                if let fatal = problem.fatal { throw fatal }
                fates[record.line] = .rejected(RowFlaw(nil, problem.code, problem.detail))
            }
        }
        var file = try count(part) { line, _ in fates[line] ?? .unchanged }
        file.events = options.dryRun ? 0 : file.accepted
        return file
    }
}

/// Files on their way to their records.
private struct Freight {
    private let options: FolderImport.Options
    private let owners: ForeignOwners
    private let carrier: FileCarrier
    private let id, filename, description, entity, subject, personEntity, person, mediaType, declaredType, sum: Int?
    /// The records that are meant, by the ids that the files give; nil where there is none.
    private var records: [String: String?] = [:]
    /// The files that are on a record, by name and bytes, as often as they are.
    private var present: [String: [[String]]] = [:]

    init(
        _ options: FolderImport.Options, _ owners: ForeignOwners, _ survey: Survey, _ carrier: FileCarrier
    ) {
        (self.options, self.owners, self.carrier) = (options, owners, carrier)
        (id, filename, description) = (survey.column("id"), survey.column("filename"), survey.column("description"))
        (entity, subject) = (survey.column("subject.entity"), survey.column("subject.id"))
        (personEntity, person) = (survey.column("person.entity"), survey.column("person.id"))
        (mediaType, declaredType) = (survey.column("media_type"), survey.column("declared_type"))
        sum = survey.column("sha256")
    }

    mutating func take(_ fields: [String]) async throws -> RowFate {
        func cell(_ column: Int?) -> String { Survey.cell(fields, column) }
        let bytes = "\(options.folder)/\(FolderImport.files)/\(cell(id))"
        guard UUID(text: cell(id)) != nil, FileManager.default.isReadableFile(atPath: bytes) else {
            let reason = "There are no bytes of it: no file \(FolderImport.files)/\(cell(id))."
            return .rejected(RowFlaw(nil, "import.file_missing", reason))
        }
        guard let record = try await here(cell(entity), cell(subject)) else {
            // What a dry run would make is not there.
            if options.dryRun { return .accepted }
            let reason = "There is no \(cell(entity)) \"\(cell(subject))\"; import it first."
            return .rejected(RowFlaw(nil, "import.reference_missing", reason))
        }
        var files = try await onRecord(record)
        if let index = files.firstIndex(of: [cell(filename), cell(sum)]) {
            files.remove(at: index)
            present[record] = files
            return .unchanged
        }
        if options.dryRun { return .accepted }
        var said = [("filename", cell(filename)), ("subject", "\(cell(entity)):\(record)"), ("sha256", cell(sum))]
        if let person = try await here(cell(personEntity), cell(person)) {
            said.append(("person", "\(cell(personEntity)):\(person)"))
        }
        // An address has no room for a long one.
        let isLong = cell(description).utf8.count > Self.room
        if !isLong { said.append(("description", cell(description))) }
        let query = said.filter { !$0.1.isEmpty }.map { "\($0.0)=\(Self.escaped($0.1))" }.joined(separator: "&")
        let type = [declaredType, mediaType].map(cell).first { !$0.isEmpty } ?? "application/octet-stream"
        // The same file is told once, also where what was told is not listed yet.
        let made = try await carrier.post("/attachments?\(query)", bytes, type, "import-\(cell(id))-\(record)")
        if isLong, let id = made["id"]?.string {
            try await carrier.change("/attachments/\(id)", ["description": .string(cell(description))])
        }
        return .accepted
    }

    /// The id that a record has here; nil where there is none.
    private mutating func here(_ name: String, _ id: String) async throws -> String? {
        guard let entity = CRM.entity(named: name), UUID(text: id) != nil else { return nil }
        if let member = owners.member(id), entity == Member.self { return member }
        let key = "\(name):\(id)"
        if let known = records[key] { return known }
        let carrier = carrier
        func first(_ parameter: String) async throws -> String? {
            let path = "/\(entity.plural)?\(parameter)&archived=any&fields=id&limit=1"
            return try await carrier.get(path)["items"]?.array?.first?["id"]?.string
        }
        var found = try await first("id=\(id)")
        if found == nil { found = try await first("external_id=daybook:\(id)") }
        records[key] = .some(found)
        return found
    }

    private mutating func onRecord(_ record: String) async throws -> [[String]] {
        if let known = present[record] { return known }
        var files: [[String]] = []
        var more = ""
        repeat {
            let path = "/attachments?subject_id=\(record)&archived=any&fields=filename,sha256&limit=200\(more)"
            let page = try await carrier.get(path)
            files += (page["items"]?.array ?? []).map { [$0["filename"]?.string ?? "", $0["sha256"]?.string ?? ""] }
            more = page["next"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !more.isEmpty
        present[record] = files
        return files
    }

    private static let room = 1000

    private static func escaped(_ text: String) -> String {
        let plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
        return text.addingPercentEncoding(withAllowedCharacters: CharacterSet(charactersIn: plain)) ?? text
    }
}
