import CRM
public import FoundationEssentials
import Kernel
import Postgres

/// What belongs to a record and is a list of its own: the deals of an account, the notes on a deal, the hours of a
/// project.
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
    /// What is asked besides, unless the question says it otherwise.
    let usual: [Parameter]

    enum Source: Sendable {
        case records(of: String)
        /// What is no record itself.
        case rows(of: String)
    }
    /// The entity whose records are listed; nil: they are rows of a view.
    public var records: String? {
        switch source {
        case .records(let entity): entity
        case .rows: nil
        }
    }

    /// Those that are there, as far as their entities are.
    public static func all(_ entities: [any Entity.Type]) -> [Sublist] {
        let names = Set(entities.map { $0.name })
        return (own + aboutAnything).filter { list in
            names.contains(list.entity) && list.records.map(names.contains) ?? true
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
        Sublist(
            "campaign", "members", "Who is part of a campaign, and what became of it.",
            .records(of: "campaign_member"), "campaign_id"),
        Sublist(
            "campaign", "costs", "What was spent on a campaign.", .rows(of: "campaign_cost_documents"), "campaign_id",
            newest),
        Sublist(
            "project", "hours", "The hours that were logged on a project.", .rows(of: "project_hour_documents"),
            "project_id", newest),
    ]
    private static let newest = [Parameter("sort", "-day,-id")]
    /// What is about any record.
    private static let aboutAnything = Subjects.all.flatMap { subject in
        let about = "about one of the \(CRM.entity(named: subject)?.plural.replacing("_", with: " ") ?? subject)"
        return [
            Sublist(
                subject, "activities", "What happened that is \(about).", .records(of: "interaction"), "subject_id"),
            Sublist(subject, "tasks", "What is to be done that is \(about).", .records(of: "task"), "subject_id"),
            Sublist(subject, "notes", "What is noted \(about).", .records(of: "note"), "subject_id"),
            Sublist(subject, "attachments", "Files \(about).", .records(of: "attachment"), "subject_id"),
        ]
    }

    private init(
        _ entity: String, _ path: String, _ summary: String, _ source: Source, _ member: String,
        _ usual: [Parameter] = []
    ) {
        (self.entity, self.path, self.summary) = (entity, path, summary)
        (self.source, self.member, self.usual) = (source, member, usual)
    }

    /// The parameters that make it a list of this record's.
    func parameters(of id: UUID, _ given: [Parameter]) -> [Parameter] {
        given + [Parameter(member, id.text)] + usual.filter { one in !given.contains { $0.name == one.name } }
    }
}

extension Queries {
    /// A sublist, page by page, with the parameters of any list.
    /// - Throws: as `list`, and `<entity>.not_found` where the record is not there or not the caller's.
    public func sublist(
        _ list: Sublist, of id: UUID, _ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil
    ) async throws(Problem) -> Reply {
        let parameters = list.parameters(of: id, parameters)
        switch list.source {
        case .records(let entity):
            return try await self.list(entity, parameters, below: (list.entity, id), by: caller, min: min)
        case .rows(let view):
            let moment = try moment(parameters)
            return try await answering { present throws(Problem) in
                let presence = try presence(of: id, list.entity, present, caller)
                let subject = Subject(try relation(view, present.at(moment)))
                let asked = try ListRequest(parameters, of: subject, by: asker(caller))
                let request = try await settled(asked, of: subject, present.at(moment), moment, caller, min)
                return try await page(of: subject, request, below: presence, moment, caller, min)
            }
        }
    }
}
