public import FoundationEssentials
import Kernel
import Postgres

extension Queries {
    /// What came of a campaign: its funnel, what it cost, the deals attributed to it, its return and its goals.
    /// `as_of`, `as_known`.
    /// - Throws: `campaign.not_found` where it is not there, was not there then, or is not the caller's.
    public func metrics(
        _ campaign: UUID, _ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil
    ) async throws(Problem) -> Reply {
        let moment = try onlyMoment(parameters)
        return try await answering { present throws(Problem) in
            let metrics = try relation("campaign_metrics", present.at(moment))
            var text = SQLText(caller.organization)
            let place = text.bind(.uuid(campaign))
            text += "SELECT row_to_json(d) FROM (SELECT \(metrics.columns(metrics.shown.map(\.name))) FROM "
            text += "\(metrics.sql) t WHERE t.organization_id = $1 AND t.id = \(place)) d"
            let question = Question(
                organization: caller.organization, projections: metrics.projections, min: min, moment: moment,
                statements: [text.statement])
            let answer = try await ask(question, on: points)
            guard let row = answer.results[0].first else { throw Problem.absent("campaign") }
            return try reading { Reply(body: try row.bytea(0), position: answer.position) }
        }
    }

    /// The same of many campaigns, page by page, with the parameters of lists: `kind=email`, `status`, `owner_id=me`,
    /// `roi.gte=1`, `sort=-roi`. Those that were put away are left out.
    /// - Throws: `parameter.unknown`, `parameter.invalid`, `cursor.invalid`, `parameter.unavailable`.
    public func campaignsReport(_ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil)
        async throws(Problem) -> Reply
    {
        let moment = try moment(parameters)
        return try await answering { present throws(Problem) in
            let metrics = try relation("campaign_metrics", present.at(moment))
            let subject = Subject(metrics, metrics, fields: try entity("campaign").fields, entity: nil)
            let isSaid = parameters.contains { $0.name.hasPrefix("archived_at") }
            let parameters = parameters + (isSaid ? [] : [Parameter("archived_at.null", "true")])
            let request = try ListRequest(parameters, of: subject, by: asker(caller))
            return try await page(of: subject, request, moment, caller, min)
        }
    }
}
