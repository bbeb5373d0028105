import CRM
import EventLog
import Foundation
import Kernel
import Testing

@testable import Application

/// What was done with people in other CRMs: calls, meetings, notes and tasks, each about what it was about there.
@Suite struct ForeignActivitiesTests {
    /// A folder, and what is expected of it: of each interaction its kind, what became of it, its title, length and
    /// direction, and when it was.
    struct Folder: Sendable {
        let system: ForeignSystem
        let files: [String: String]
        let interactions: [String: String]
        var notes: [String: String] = [:]
        var tasks: [String: String] = [:]
    }

    static let folders = [
        Folder(
            system: .salesforce,
            files: [
                "Account.csv": "Id,Name\n0011,Acme\n", "Contact.csv": "Id,LastName,AccountId\n0031,Lee,0011\n",
                "Event.csv": """
                Id,Subject,Type,WhatId,WhoId,StartDateTime,EndDateTime,DurationInMinutes,Location,CreatedDate,IsDeleted
                e1,Visit,Meeting,0011,0031,2020-03-01T10:00:00Z,2020-03-01T11:00:00Z,60,Oslo,2020-02-01T10:00:00Z,false
                e2,Ring,Call,,0031,2020-03-02T10:00:00Z,2020-03-02T10:30:00Z,,,2020-03-03T10:00:00Z,false
                e3,Later,Other,0011,00Q1,2090-03-01T10:00:00Z,,15,,2020-02-01T10:00:00Z,false

                """,
            ],
            interactions: [
                "e1": "meeting completed Visit 60 - 2020-03-01T10:00",
                "e2": "call completed Ring 30 - 2020-03-02T10:00",
                "e3": "meeting scheduled Later 15 - 2090-03-01T10:00",
            ]),
        Folder(
            system: .dynamics,
            files: [
                "account.csv": "accountid,name\na1,Acme\n",
                "contact.csv": "contactid,lastname,parentcustomerid\nc1,Lee,a1\n",
                "appointment.csv": """
                activityid,subject,regardingobjectid,regardingobjecttypecode,scheduledstart,scheduledend,statecode
                e1,Visit,a1,account,2020-03-01T10:00:00Z,2020-03-01T11:00:00Z,1
                e2,Off,a1,account,2020-03-02T10:00:00Z,2020-03-02T11:00:00Z,2
                e3,Open,c1,contact,2020-03-03T10:00:00Z,2020-03-03T10:45:00Z,0

                """,
                "phonecall.csv": """
                activityid,subject,regardingobjectid,regardingobjecttypecode,actualstart,directioncode,statecode,createdon
                p1,Ring,c1,contact,2020-03-04T10:00:00Z,True,1,2020-03-05T10:00:00Z

                """,
                "annotation.csv": "annotationid,subject,notetext,objectid,objecttypecode\nn1,Hello,World,a1,account\n",
            ],
            interactions: [
                "e1": "meeting completed Visit 60 - 2020-03-01T10:00",
                "e2": "meeting cancelled Off 60 - 2020-03-02T10:00",
                "e3": "meeting scheduled Open 45 - 2020-03-03T10:00",
                "p1": "call completed Ring - outbound 2020-03-04T10:00",
            ], notes: ["n1": "Hello\nWorld"]),
        Folder(
            system: .suitecrm,
            files: [
                "accounts.csv": "id,name\na1,Acme\n", "contacts.csv": "id,last_name\nc1,Lee\n",
                "meetings.csv": """
                id,name,date_entered,status,date_start,duration_hours,duration_minutes,parent_type,parent_id,deleted
                e1,Visit,2020-02-01 08:00:00,Held,2020-03-01 10:00:00,1,30,Accounts,a1,0
                e2,Off,2020-02-01 08:00:00,Not Held,2020-03-02 10:00:00,0,15,Accounts,a1,0

                """,
                "calls.csv": """
                id,name,date_entered,status,date_start,duration_hours,duration_minutes,direction,parent_type,parent_id
                p1,Ring,2020-02-01 08:00:00,Planned,2020-03-04 10:00:00,0,15,Inbound,Contacts,c1

                """,
            ],
            interactions: [
                "e1": "meeting completed Visit 90 - 2020-03-01T10:00",
                "e2": "meeting cancelled Off 15 - 2020-03-02T10:00",
                "p1": "call scheduled Ring 15 inbound 2020-03-04T10:00",
            ]),
        Folder(
            system: .hubspot,
            files: [
                "companies.csv": "Record ID,Company name\na1,Acme\n",
                "contacts.csv": "Record ID,Last name,Email\nc1,Lee,lee@x.io\n",
                "hubspot-crm-exports-all-calls-2026-01-31.csv": """
                Record ID,Call Title,Call notes,Call duration,Call direction,Activity date,Associated Contact IDs
                p1,Ring,Wants blue,90000,Outbound,2020-03-04 10:00,c1;c2

                """,
                "engagement_meeting.csv": """
                id,property_hs_meeting_title,hs_meeting_start_time,hs_meeting_outcome,associated_company_ids
                e1,Visit,2020-03-01T10:00:00Z,COMPLETED,a1
                e2,Off,2020-03-02T10:00:00Z,CANCELED,a1

                """,
                "notes.csv": "Record ID,Note body,Activity date,Associated Contact IDs\nn1,Blue,2020-03-01 10:00,c1\n",
                "tasks.csv": """
                Record ID,Task Title,Task Status,Priority,Task Type,Due date,Associated Company IDs
                t1,Send offer,NOT_STARTED,HIGH,EMAIL,2020-03-09 10:00,a1

                """,
            ],
            interactions: [
                "p1": "call completed Ring 2 outbound 2020-03-04T10:00",
                "e1": "meeting completed Visit - - 2020-03-01T10:00",
                "e2": "meeting cancelled Off - - 2020-03-02T10:00",
            ], notes: ["n1": "Blue"], tasks: ["t1": "Send offer pending high email 2020-03-09T10:00"]),
    ]

    @Test(arguments: folders.indices)
    func `calls, meetings, notes and tasks come as they were there, and again unchanged`(_ index: Int) async throws {
        let folder = Self.folders[index]
        let house = try await ImportHouse(zone: "Asia/Tokyo")
        let told = try await house.take(folder.system, try house.folder(folder.files))
        #expect(told.files.allSatisfy { $0.rejected == 0 && $0.unused == [] } && told.unknown.isEmpty, "\(told.json)")
        let source = folder.system.rawValue
        var found: [String: String] = [:]
        for key in folder.interactions.keys { found[key] = try await house.interaction(key, source) }
        #expect(found == folder.interactions)
        for (key, text) in folder.notes {
            let note = try #require(try await house.record(Note.self, key, source: source))
            #expect(note.text("text") == text && note["subject"]?["id"] != nil)
        }
        for (key, said) in folder.tasks {
            let task = try #require(try await house.record(WorkTask.self, key, source: source))
            let words = ["title", "status", "priority", "type", "due_at"].map { task.text($0) ?? "-" }
            #expect(words.joined(separator: " ").hasPrefix(said), "\(words)")
            #expect(try await task["subject"]?["id"]?.string == house.id("account", "a1", source: source).text)
        }
        let again = try await house.take(folder.system, try house.folder(folder.files))
        #expect(again.files.allSatisfy { $0.accepted == 0 && $0.rejected == 0 }, "\(again.json)")
    }

    @Test func `what was planned took place, or was called off, when a later export says so`() async throws {
        let house = try await ImportHouse()
        func take(_ one: String, _ other: String) async throws -> FolderSummary {
            let rows = [
                "id,name,date_entered,status,date_start,duration_minutes,parent_type,parent_id,contact_id",
                "e1,Visit,2020-02-01 08:00:00,\(one),2020-03-01 10:00:00,30,Accounts,a1,c1",
                "e2,Talk,2020-02-01 08:00:00,\(other),2020-03-02 10:00:00,30,Contacts,c1,", "",
            ]
            return try await house.take(
                .suitecrm,
                try house.folder([
                    "accounts.csv": "id,name\na1,Acme\n", "contacts.csv": "id,last_name\nc1,Lee\n",
                    "meetings.csv": rows.joined(separator: "\n"),
                ]))
        }
        _ = try await take("Planned", "Planned")
        let later = try await take("Held", "Not Held")
        let meetings = later.files.first { $0.kind == "meetings" }
        #expect(meetings?.accepted == 2 && meetings?.rejected == 0, "\(later.json)")
        #expect(try await house.interaction("e1", "suitecrm") == "meeting completed Visit 30 - 2020-03-01T10:00")
        #expect(try await house.interaction("e2", "suitecrm") == "meeting cancelled Talk 30 - 2020-03-02T10:00")
        let contact = try await house.id("contact", "c1", source: "suitecrm")
        for key in ["e1", "e2"] {
            #expect(try await house.record(Interaction.self, key, source: "suitecrm")?.id("contact_id") == contact)
        }
    }
}

extension ImportHouse {
    /// "meeting completed Visit 60 - 2020-03-01T10:00".
    fileprivate func interaction(_ key: String, _ source: String) async throws -> String {
        let id = try await id("interaction", key, source: source)
        guard let content = (try await house.states("interaction", [id])[0] as? Interaction.State)?.content else {
            return "not there"
        }
        let fields = content.fields
        let logged = try await house.events([id]).first?.occurredAt.text
        let at = fields.text("happened_at") ?? fields.text("scheduled_at") ?? logged ?? ""
        let length = fields["duration_minutes"]?.integer.map { "\($0)" } ?? "-"
        return [
            fields.text("kind") ?? "", content.status.rawValue, fields.text("title") ?? "-", length,
            fields.text("direction") ?? "-", String(at.prefix(16)),
        ].joined(separator: " ")
    }
}
