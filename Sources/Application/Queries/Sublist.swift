import CRM
public import FoundationEssentials
import Kernel
import Postgres

/// What belongs to a record and is a list of its own: the deals of an account, the notes on a deal.
public struct Sublist: Sendable {
    /// The record's entity.
    public let entity: String
    /// The last part of its path.
    public let path: String
    /// One line for people.
    public let summary: String
    let source: Source
    /// The member by which what is listed names the record.
    let member: String
    /// What else holds of all that is listed.
    let always: [Parameter]

    enum Source: Sendable {
        case records(of: String)
        case rows(of: String)
    }

    /// Those that are there, as far as their entities are.
    public static func all(_ entities: [any Entity.Type]) -> [Sublist] {
        let names = Set(entities.map { $0.name })
        return (own + aboutAnything).filter { list in
            switch list.source {
            case .records(let entity): names.contains(list.entity) && names.contains(entity)
            case .rows: names.contains(list.entity)
            }
        }
    }

    private static let own = [
        Sublist(
            "account", "contacts", "Who works with an account, and who did.", .rows(of: "affiliation_documents"),
            "account_id", [Parameter("contact_archived", "false")]),
        Sublist("account", "deals", "The deals with an account.", .records(of: "deal"), "account_id"),
        Sublist("account", "children", "The accounts that stand under one.", .records(of: "account"), "parent_id"),
        Sublist("account", "projects", "The projects for an account.", .records(of: "project"), "account_id"),
        Sublist("account", "leads", "The leads that became an account.", .records(of: "lead"), "account_id"),
        Sublist(
            "contact", "accounts", "The accounts that a contact works with, or did.",
            .rows(of: "affiliation_documents"), "contact_id", [Parameter("account_archived", "false")]),
        Sublist("contact", "deals", "The deals with a contact.", .records(of: "deal"), "primary_contact_id"),
        Sublist("contact", "leads", "The leads that became a contact.", .records(of: "lead"), "contact_id"),
        Sublist(
            "contact", "campaigns", "The campaigns that a contact is part of, and what became of it.",
            .records(of: "campaign_member"), "person_id"),
        Sublist(
            "lead", "campaigns", "The campaigns that a lead is part of, and what became of it.",
            .records(of: "campaign_member"), "person_id"),
        Sublist("deal", "projects", "The projects of a deal.", .records(of: "project"), "deal_id"),
    ]
    /// What is about any record.
    private static let aboutAnything = Subjects.all.flatMap { subject in
        let about = "about one of the \(CRM.entity(named: subject)?.plural.replacing("_", with: " ") ?? subject)"
        return [
            Sublist(
                subject, "activities", "What happened that is \(about).", .records(of: "interaction"), "subject_id"),
            Sublist(subject, "tasks", "What is to be done that is \(about).", .records(of: "task"), "subject_id"),
            Sublist(subject, "notes", "What is noted \(about).", .records(of: "note"), "subject_id"),
        ]
    }

    private init(
        _ entity: String, _ path: String, _ summary: String, _ source: Source, _ member: String,
        _ always: [Parameter] = []
    ) {
        (self.entity, self.path, self.summary) = (entity, path, summary)
        (self.source, self.member, self.always) = (source, member, always)
    }

    /// The parameters that make it a list of this record's.
    func parameters(of id: UUID, _ given: [Parameter]) -> [Parameter] {
        given + [Parameter(member, id.text)] + always.filter { one in !given.contains { $0.name == one.name } }
    }
}

extension Queries {
    /// A sublist, page by page, with the parameters of any list.
    /// - Throws: `<entity>.not_found` where the record is not there or not the caller's.
    public func sublist(
        _ list: Sublist, of id: UUID, _ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil
    ) async throws(Problem) -> Reply {
        try await require(list.entity, id, caller, min)
        let parameters = list.parameters(of: id, parameters)
        switch list.source {
        case .records(let entity): return try await self.list(entity, parameters, by: caller, min: min)
        case .rows(let view):
            let moment = try moment(parameters)
            return try await answering { catalog throws(Problem) in
                let catalog = catalog.at(moment)
                let subject = Subject(try relation(view, catalog))
                let request = try ListRequest(parameters, of: subject, by: asker(caller))
                return try await page(of: subject, request, catalog, moment, caller, min)
            }
        }
    }

    /// - Throws: `<entity>.not_found` where there is no such record of the caller's.
    func require(_ entity: String, _ id: UUID, _ caller: Caller, _ min: PositionToken?) async throws(Problem) {
        let type = try self.entity(entity)
        try await answering { catalog throws(Problem) in
            let records = try subject(type, catalog)
            var text = SQLText(caller.organization)
            let place = text.bind(.uuid(id))
            text += "SELECT t.id FROM \(records.table.sql) t WHERE t.organization_id = $1 AND t.id = \(place)"
            let question = Question(
                organization: caller.organization, projections: records.table.projections, min: min,
                statements: [text.statement])
            guard try await !ask(question, on: points).results[0].isEmpty else { throw Problem.absent(entity) }
        }
    }
}
