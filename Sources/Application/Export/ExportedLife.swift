import CRM
import Kernel

/// What an export's mapping says of the life of a record beside its plain members: how it began, what happened to it,
/// and what became of it. Each is written as a mapping has it.
struct ExportedLife {
    /// The act that makes it, where that is not the usual one.
    var act: String?
    /// Rows of which it is told.
    var when: String?
    /// The column with the time when it was made.
    var occurred = "created_at"
    /// Columns without which it cannot be told.
    var needs: [String] = []
    /// Members given only when it is made.
    var start: [String] = []
    /// Members that are read otherwise than their kinds say.
    var fields: [String: String] = [:]
    /// Members that other things tell.
    var skips: Set<String> = []
    /// Whether other records stand in it, which then cannot come: it is put away after them, by the mapping `closing`.
    var isHolder = false
    /// What that tells besides, each with the column of which it is read.
    var ending: [(column: String, step: String)] = []
    /// Acts of its past that are told when the other records are there, by the mapping `closing`.
    var told: [String] = []
    /// What is told only when it is made, and what is told each time.
    var then: [String] = []
    var steps: [String] = []

    /// The lives of an entity's records: one, or several of which each row has one.
    static func of(_ entity: any Entity.Type) -> [ExportedLife] {
        switch entity.name {
        case Account.name: [account]
        case Deal.name: [deal]
        case Pipeline.name: [pipeline]
        case Lead.name: [lead]
        case Contact.name: [contact]
        case WorkTask.name: [task]
        case Interaction.name: [happened, planned]
        case Campaign.name: [campaign]
        case CampaignMember.name: [member]
        case Project.name: [project]
        case _: [ExportedLife()]
        }
    }

    /// To whom one turns first is known when contacts are.
    private static var account: ExportedLife {
        ExportedLife(
            ending: [
                (
                    "primary_contact_id",
                    "{act: set_primary_contact, when: {primary_contact_id: {empty: false}}, "
                        + "with: {contact_id: {reference: contact, id: primary_contact_id}}}"
                )
            ])
    }

    /// A deal stands in its pipeline where it stood, or begins where a pipeline begins that is not here. A closed one
    /// was opened in the first stage: which it was closed from is not told.
    private static var deal: ExportedLife {
        ExportedLife(
            occurred: "opened_at",
            start: [
                "pipeline_id: {reference: pipeline, id: pipeline_id, missing: empty}",
                "stage_id: {column: stage_id, when: {status: open}}",
            ],
            fields: [
                "amount": "{column: amount, currency: \"amount.currency\", when: {lines: {empty: true}}}",
                "lines": "{column: lines, ids: true}",
            ],
            skips: ["actual_close", "lost_reason", "lost_to"],
            steps: [
                "{act: move, when: {status: open, stage_id: {empty: false}}, with: {stage_id: stage_id}}",
                "{act: win, when: {status: won}, occurred: closed_at, "
                    + "with: {stage_id: stage_id, actual_close: actual_close}}",
                "{act: lose, when: {status: lost}, occurred: closed_at, with: {stage_id: stage_id, "
                    + "lost_reason: lost_reason, lost_to: lost_to, actual_close: actual_close}}",
            ])
    }

    /// Its stages keep their ids, by which its deals name them; they are retired when these have passed them.
    private static var pipeline: ExportedLife {
        ExportedLife(
            start: ["stages: {column: stages, ids: true}"], skips: ["template"], isHolder: true,
            told: ["retire_stage"])
    }

    /// What one was converted to is there already: nothing is made of it.
    private static var lead: ExportedLife {
        ExportedLife(
            needs: ["status", "disqualified_reason", "converted_at", "account_id", "contact_id", "deal_id"],
            steps: [
                "{act: qualify, when: {status: qualified}}",
                "{act: convert, when: {status: converted}, occurred: converted_at, with: {only_named: {value: true}, "
                    + ["account", "contact", "deal"].map { name in
                        "\(name)_id: {reference: \(name), id: \(name)_id, missing: empty}"
                    }.joined(separator: ", ") + "}}",
                "{act: disqualify, when: {status: disqualified}, with: {disqualified_reason: disqualified_reason}}",
            ])
    }

    private static var contact: ExportedLife {
        ExportedLife(
            fields: [
                "platform_user_id": "{column: platform, member: user_id}",
                "platform_profile": "{column: platform, member: profile}",
            ])
    }

    /// It begins as one that nobody has begun; when it was begun and done is told by steps.
    private static var task: ExportedLife {
        ExportedLife(
            needs: ["status"], skips: ["status", "outcome"],
            steps: [
                "{act: start, when: {status: in_progress}, occurred: started_at}",
                "{act: complete, when: {status: completed}, occurred: completed_at, with: {outcome: outcome}}",
                "{act: cancel, when: {status: cancelled}, with: {outcome: outcome}}",
            ])
    }

    private static var happened: ExportedLife {
        ExportedLife(
            when: "{scheduled_at: {empty: true}}", occurred: "occurred_at", needs: ["scheduled_at"],
            skips: ["occurred_at"])
    }
    private static var planned: ExportedLife {
        ExportedLife(
            act: "schedule", when: "{scheduled_at: {empty: false}}", needs: ["scheduled_at", "status"],
            steps: [
                "{act: complete, when: {status: completed}, with: {happened_at: occurred_at}}",
                "{act: cancel, when: {status: cancelled}, with: {cancel_reason: cancel_reason}}",
            ])
    }

    /// One that is over takes no members any more: how it ended comes after them, by the mapping `closing`.
    private static var campaign: ExportedLife {
        ExportedLife(
            needs: ["status"], isHolder: true,
            ending: [
                ("status", "{act: pause, when: {status: paused}}"),
                ("status", "{act: complete, when: {status: completed}, occurred: finished_at}"),
                ("status", "{act: cancel, when: {status: cancelled}, with: {cancel_reason: cancel_reason}}"),
            ],
            then: ["{act: start, when: {status: [active, paused, completed]}, occurred: started_at}"])
    }

    private static var member: ExportedLife {
        ExportedLife(
            occurred: "enrolled_at",
            steps: CampaignMember.Step.allCases.map { step in
                "{act: record, when: {\(step.rawValue)_at: {empty: false}}, "
                    + "with: {step: {value: \(step.rawValue)}, at: \(step.rawValue)_at}}"
            })
    }

    private static var project: ExportedLife {
        ExportedLife(
            needs: ["status"],
            steps: [
                "{act: change_status, when: {status: {not: [planning, completed]}}, with: {status: status}}",
                "{act: change_status, when: {status: completed}, with: {status: status, completed_on: completed_on}}",
            ])
    }
}
