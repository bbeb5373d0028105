import CRM
public import FoundationEssentials
public import Kernel

/// Makes people part of a campaign: those that are named, or those whom its audience's filter finds, a page at a time.
/// A membership's id follows from campaign and person, so whoever is part of it already is left as she is, and a page
/// that is asked for again changes nothing.
public struct Enrolment: Sendable {
    let commands: Commands
    let queries: Queries
    /// The parameters that a filter writes as one does in an address.
    let parse: @Sendable (String) throws(Problem) -> [Parameter]

    /// - Parameter parse: reads a filter, as requests are read.
    public init(
        commands: Commands, queries: Queries, parse: @escaping @Sendable (String) throws(Problem) -> [Parameter]
    ) {
        (self.commands, self.queries, self.parse) = (commands, queries, parse)
    }

    /// What a request names.
    public static let takes = [
        Field("people", .list(of: .record(of: CampaignMember.people), 500)), Field("audience", .flag),
        Field("limit", .integer(1...200)), Field("cursor", .text(2000)),
    ]

    /// `{"enrolled","unchanged","refused":[{"person","code","detail"}],"next"}`; `next` goes on with the audience.
    /// - Parameter request: in the normal form of `takes`.
    /// - Throws: `campaign.not_found`, `campaign.audience_missing`, `campaign.audience_invalid`, `body.invalid`.
    public func enroll(_ campaign: UUID, _ request: Body, by caller: Caller) async throws(Problem) -> Page {
        let people = request.values["people"]?.array
        let isAudience = request.flag("audience") == true
        if isAudience == (people != nil) {
            throw .invalid([Flaw("/people", "required", "name people, or ask for the audience; one of both")])
        }
        let head = try await commands.head(of: caller.organization)
        let reply = try await queries.record(Campaign.name, campaign, by: caller, min: head)
        if let people { return try await enroll(people, in: campaign, caller, next: nil, head) }
        let found = try await audience(try read(reply), request, caller, head)
        return try await enroll(found.people, in: campaign, caller, next: found.next, head)
    }

    /// What became of a page.
    public struct Page: Sendable {
        /// As it is answered.
        public let body: JSON
        /// The log's position after it.
        public let position: PositionToken
    }

    // MARK: Whom does the audience's filter find?

    private func audience(
        _ campaign: JSON, _ request: Body, _ caller: Caller, _ head: PositionToken
    ) async throws(Problem) -> (people: [JSON], next: JSON?) {
        guard let audience = campaign["audience"], let entity = audience["entity"]?.string,
            let filter = audience["filter"]?.string
        else { throw .audienceMissing }
        let page: JSON
        do throws(Problem) {
            let parameters = try parse(filter)
            if let own = parameters.first(where: { Self.own.contains($0.name) }) {
                throw .audience("It names \(own.name), which enrolling sets itself; leave it out.")
            }
            page = try read(try await queries.list(entity, parameters + paging(request), by: caller, min: head))
        } catch  where error.code.hasPrefix("parameter.") || error.code == "filter.invalid" {
            throw .audience(error.detail)
        }
        let people = (page["items"]?.array ?? []).compactMap { item in
            item["id"].map { ["entity": .string(entity), "id": $0] as JSON }
        }
        return (people, page["next"].flatMap { $0 == .null ? nil : $0 })
    }
    private static let own = [
        "fields", "include", "limit", "cursor", "page", "page_size", "total", "as_of", "as_known",
    ]
    private func paging(_ request: Body) -> [Parameter] {
        [Parameter("fields", "id"), Parameter("limit", String(request.integer("limit") ?? 200))]
            + (request.text("cursor").map { [Parameter("cursor", $0)] } ?? [])
    }

    private func read(_ reply: Reply) throws(Problem) -> JSON {
        do { return try JSON(parsing: reply.body) } catch { throw .fault }
    }

    // MARK: What becomes of them?

    private func enroll(
        _ people: [JSON], in campaign: UUID, _ caller: Caller, next: JSON?, _ head: PositionToken
    ) async throws(Problem) -> Page {
        let units = people.map { person in
            [Ask(CampaignMember.name, .new, "enroll", ["campaign_id": .string(campaign.text), "person": person])]
        }
        var (enrolled, unchanged, refused, position) = (Int64(0), Int64(0), [JSON](), head)
        for (person, result) in zip(people, await commands.executeEach(units, by: caller)) {
            switch result {
            case .success(let answer):
                let isNew = answer.results.contains { $0.events > 0 }
                (enrolled, unchanged) = (enrolled + (isNew ? 1 : 0), unchanged + (isNew ? 0 : 1))
                if isNew, answer.position.position > position.position { position = answer.position }
            case .failure(let problem) where problem.status >= 500 || problem.status == 403: throw problem
            case .failure(let problem):
                refused.append(
                    [
                        "person": person, "code": .string(problem.code),
                        "detail": .string(problem.errors.first?.detail ?? problem.detail),
                    ])
            }
        }
        let body: JSON = [
            "enrolled": .integer(enrolled), "unchanged": .integer(unchanged), "refused": .array(refused),
            "next": next ?? .null, "position": .integer(position.position),
        ]
        return Page(body: body, position: position)
    }
}

extension Problem {
    /// Nobody said whom the campaign is for.
    static let audienceMissing = Problem(
        "campaign.audience_missing", 409, "The campaign has no audience; edit it first.")
    /// The filter of a campaign's audience cannot be asked.
    fileprivate static func audience(_ why: String) -> Problem {
        Problem("campaign.audience_invalid", 409, "The audience's filter is not understood. \(why)")
    }
}
