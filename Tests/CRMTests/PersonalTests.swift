import CRM
import DomainTesting
import Kernel
import Testing

/// What of an event is personal, and how it is kept apart.
@Suite struct PersonalTests {
    @Test func `what is taken out of an event is put back where it stood`() {
        let events = [
            Stored(
                type: "contact.created", schema: 1, data: ["first_name": "Ada", "status": "active", "custom": [:]]),
            Stored(type: "contact.edited", schema: 1, data: ["set": ["phone": .null, "lead_score": 3]]),
            Stored(type: "contact.edited", schema: 1, data: ["set": ["social_profiles": ["x": .null, "y": "z"]]]),
            Stored(type: "contact.emails_changed", schema: 1, data: ["emails": ["1": .null], "primary_email": .null]),
            Stored(type: "contact.archived", schema: 1, data: [:]),
        ]
        for event in events {
            let (open, personal) = event.parted(by: personalNames(of: "contact"))
            #expect((personal.map { open.completed(by: $0) } ?? open) == event)
            for name in personalNames(of: "contact") {
                #expect(open.data[name] == nil && open.data["set"]?[name] == nil)
            }
        }
        #expect(events[4].parted(by: personalNames(of: "contact")).personal == nil)
    }

    @Test func `every personal field of every entity is among those that are sealed`() {
        for entity in entities {
            let names = personalNames(of: entity.name)
            for field in entity.fields {
                let mayHoldAnything = field.kind == .custom || field.kind == .anything
                let isSealed = field.dataClass != .public || mayHoldAnything
                #expect(names.contains(field.name) == isSealed, "\(entity.name).\(field.name)")
            }
        }
        #expect(personalNames(of: "contact").isSuperset(of: ["first_name", "emails", "primary_email", "custom"]))
        #expect(
            personalNames(of: "interaction") == [
                "title", "text", "location", "attributes", "cancel_reason", "custom", "message_id", "strangers",
            ])
        #expect(personalNames(of: "deal").isSuperset(of: ["title", "lost_reason", "description"]))
    }
}
