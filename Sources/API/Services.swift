import Application
import CRM
import Kernel

/// What the API stands on: the use cases of the application, and how the process is.
public struct Services: Sendable {
    let entities: [any Entity.Type]
    let commands: Commands
    let access: Access
    let queries: Queries
    let logKeys: LogKeys
    let people: People
    let attachments: Attachments
    let explanations: Explanations
    let readTables: ReadTables
    let imports: Imports
    let emails: Emails
    let vitals: @Sendable () async -> Vitals

    /// - Parameters:
    ///   - entities: what routes are made of; the list in `CRM`.
    ///   - vitals: how the process is just now; asked for `/health` and `/metrics`, and given two seconds.
    public init(
        entities: [any Entity.Type], commands: Commands, access: Access, queries: Queries,
        logKeys: LogKeys, people: People, attachments: Attachments, explanations: Explanations,
        readTables: ReadTables,
        vitals: @escaping @Sendable () async -> Vitals
    ) {
        (self.entities, self.commands, self.access) = (entities, commands, access)
        (self.queries, self.logKeys, self.people, self.vitals) = (queries, logKeys, people, vitals)
        self.attachments = attachments
        (self.explanations, self.readTables) = (explanations, readTables)
        imports = Imports(commands: commands)
        emails = Emails(commands: commands, queries: queries, attachments: attachments)
    }
}

extension Services {
    /// All of a Daybook. How it is, is asked of its database and its read tables.
    /// - Parameter version: what was released: "0.1.0".
    public init(_ daybook: Daybook, version: String) {
        self.init(
            entities: CRM.entities, commands: daybook.commands, access: daybook.access, queries: daybook.queries,
            logKeys: daybook.logKeys, people: daybook.people, attachments: daybook.attachments,
            explanations: Explanations(models: daybook.models), readTables: daybook.readTables
        ) {
            await Vitals(of: daybook, version: version)
        }
    }
}
