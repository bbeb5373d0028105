import CRM
import FoundationEssentials
import Kernel

// MARK: Whom does the company write to, and what does it work on?

extension Demonstration {
    static let campaign = "Spring newsletter"

    func tags() -> [[Ask]] {
        [("VIP", "red"), ("Reference", "green"), ("Newsletter", "blue")].map { name, colour in
            [ask(Tag.name, name, "define", ["name": .string(name), "colour": .string(colour)])]
        }
    }

    /// Every third firm is tagged. Said again, it changes nothing.
    func taggings() -> [[Ask]] {
        Self.firms.enumerated().filter { $0.offset % 3 == 0 }.map { index, firm in
            let tag = id(Tag.name, index % 2 == 0 ? "VIP" : "Reference")
            return [ask(Account.name, firm, "tag", ["tags": [tag]])]
        }
    }

    func campaigns() -> [[Ask]] {
        let body: JSON = [
            "name": .string(Self.campaign), "kind": "email", "budget": ["minor": 400_000, "currency": "USD"],
            "owner_id": id(Member.name, Self.sellers[0]), "goals": ["clicked": 3, "won_deals": 2],
            "audience": ["entity": "contact", "filter": "status=active"],
        ]
        return [
            [
                ask(Campaign.name, Self.campaign, "plan", body, at: days(-180)),
                ask(Campaign.name, Self.campaign, "start", [:], at: days(-176)),
                ask(
                    Campaign.name, Self.campaign, "record_cost",
                    ["amount": ["minor": 260_000, "currency": "USD"], "description": "Agency"], at: days(-170)),
            ]
        ]
    }

    /// A funnel: of a dozen contacts one bounces, and the others go on as far as their number lets them.
    func audience() -> [[Ask]] {
        Self.firms.enumerated().map { index, firm in
            let person = id(Contact.name, "contact of \(firm)")
            let campaign = id(Campaign.name, Self.campaign)
            let body: JSON = ["campaign_id": campaign, "person": ["entity": "contact", "id": person]]
            let steps: [CampaignMember.Step] =
                index == 5
                ? [.sent, .bounced] : Array([.sent, .delivered, .opened, .clicked].prefix(1 + index % 4 + 1))
            let member = CampaignMember.id(for: body).map(Ask.Target.id) ?? .new
            return [Ask(CampaignMember.name, member, "enroll", body, occurredAt: days(-175))]
                + steps.enumerated().map { hours, step in
                    let at = Instant(microseconds: days(-174).microseconds + Int64(hours) * 3_600_000_000)
                    return Ask(
                        CampaignMember.name, member, "record", ["step": .string(step.rawValue)], occurredAt: at)
                }
        }
    }

    func projects() -> [[Ask]] {
        let firm = Self.firms[0]
        let name = "Rollout at \(firm)"
        let body: JSON = [
            "name": .string(name), "account_id": id(Account.name, firm), "priority": "high",
            "owner_id": id(Member.name, Self.sellers[0]), "manager_id": id(Member.name, Self.sellers[1]),
            "estimated_hours": 120, "progress": 25,
        ]
        let member = id(Member.name, Self.sellers[1])
        return [
            [
                ask(Project.name, name, "plan", body, at: days(-30)),
                ask(Project.name, name, "change_status", ["status": "in_progress"], at: days(-28)),
                ask(
                    Project.name, name, "log_hours", ["hours": 6, "member_id": member, "description": "Kick-off"],
                    at: days(-28)),
                ask(Project.name, name, "log_hours", ["hours": .number(3.5), "member_id": member], at: days(-21)),
            ]
        ]
    }
}
