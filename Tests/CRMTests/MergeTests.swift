import CRM
import DomainTesting
import Foundation
import Kernel
import Testing

/// Two records are one: what the one takes over, and how they become two again.
@Suite struct MergeTests {
    private let winner = Scene.id
    private let loser = UUID.number(77)
    private let third = UUID.number(78)
    private func contact(_ values: [String: JSON]) -> Contact.Event {
        .created(Record(values.merging(["status": "active", "mode": "external"]) { $1 }))
    }
    private func other(_ events: Contact.Event...) -> Other { Other(Contact.self, loser, events) }
    private func took(_ names: String...) -> Record { Record(Dictionary(names.map { ($0, true) }) { $1 }) }

    @Test func `a contact has what it had, and the other's where it had nothing`() throws {
        let ada = contact(["first_name": "Ada", "title": "Countess"])
        let lee = contact(["last_name": "Lee", "title": "Dr", "phone": "+442079460018"])
        try given(Contact.self, ada, with: [other(lee)]).when("merge", ["loser": .string(loser.text)]).then(
            .tookOver(loser: loser, took: took("last_name", "phone"), along: nil),
            .edited(set: Patch(["last_name": "Lee", "phone": "+442079460018"])))
    }

    @Test func `whose value counts can be said field by field`() throws {
        let ada = contact(["first_name": "Ada", "title": "Countess"])
        let lee = contact(["last_name": "Lee", "title": "Dr", "phone": "+442079460018"])
        let body: [String: JSON] = [
            "loser": .string(loser.text), "fields": ["title": "loser", "phone": "winner", "first_name": "loser"],
        ]
        try given(Contact.self, ada, with: [other(lee)]).when("merge", body).then(
            .tookOver(loser: loser, took: took("first_name", "last_name", "title"), along: nil),
            .edited(set: Patch(["first_name": .null, "last_name": "Lee", "title": "Dr"])))
        #expect(throws: Flaw.self) {
            try given(Contact.self, ada).when("merge", ["loser": .string(loser.text), "fields": ["nose": "loser"]])
        }
    }

    @Test func `addresses, accounts, tags and own fields of both come together, each once`() throws {
        let (home, work, twice) = (UUID.number(1).text, UUID.number(2).text, UUID.number(3).text)
        let (one, two, vip) = (UUID.number(4).text, UUID.number(5).text, UUID.number(6).text)
        let ada = contact([
            "first_name": "Ada", "emails": .object([home: ["address": "ada@home.example", "primary": true]]),
            "primary_email": "ada@home.example", "custom": ["segment": "A"],
            "affiliations": .object([one: ["primary": true]]), "primary_account_id": .string(one),
        ])
        let lee = contact([
            "first_name": "A.", "custom": ["segment": "B", "shoe": 7],
            "emails": .object([
                work: ["address": "ada@work.example", "primary": true],
                twice: ["address": "ada@home.example", "primary": false],
            ]), "primary_email": "ada@work.example",
            "affiliations": .object([two: ["primary": true, "role": "head"]]), "primary_account_id": .string(two),
        ])
        let tagged = Contact.Event.tagsChanged(tags: Patch([vip: true]))
        let body: [String: JSON] = ["loser": .string(loser.text), "fields": ["emails": "loser"]]
        let state = try given(Contact.self, ada, with: [other(lee, tagged)]).when("merge", body).thenState()
        let record = try #require(Contact.record(state))
        #expect(record["primary_email"] == "ada@work.example" && record.text("primary_account_id") == one)
        #expect(Set((record["emails"]?.object ?? [:]).keys) == [home, work])
        #expect(Set((record["affiliations"]?.object ?? [:]).keys) == [one, two])
        #expect(record["custom"] == ["segment": "A", "shoe": 7] && record["tags"] == .object([vip: true]))
        #expect(record["merges"] == nil)
        #expect(Contact.claims(state).count == 2)
    }

    @Test func `un-merging gives all back, and what was changed since stays and is named`() throws {
        let ada = contact(["first_name": "Ada"])
        let lee = contact(["last_name": "Lee", "title": "Dr", "phone": "+442079460018"])
        let before = given(Contact.self, ada).state
        given(Contact.self, ada, with: [other(lee, .merged(into: third))])
            .when(.merging(.giveBack(loser: loser))).thenRefused(.notMerged)
        let took = Contact.Event.tookOver(loser: loser, took: took("last_name", "title", "phone"), along: nil)
        let filled = Contact.Event.edited(
            set: Patch(["last_name": "Lee", "title": "Dr", "phone": "+442079460018"]))
        let back = try given(Contact.self, ada, took, filled, with: [other(lee, .merged(into: winner))])
            .when("unmerge", ["loser": .string(loser.text)])
        back.then(
            .gaveBack(loser: loser, kept: nil),
            .edited(set: Patch(["last_name": .null, "title": .null, "phone": .null])))
        #expect(try back.thenState() == before)
        let edited = Contact.Event.edited(set: Patch(["title": "Prof"]))
        try given(Contact.self, ada, took, filled, edited, with: [other(lee, .merged(into: winner))])
            .when("unmerge", ["loser": .string(loser.text)]).then(
                .gaveBack(loser: loser, kept: self.took("title")),
                .edited(set: Patch(["last_name": .null, "phone": .null])))
    }

    @Test func `merges are taken back in any order, each with what it brought`() throws {
        let made = given(Contact.self, contact(["title": "A", "phone": "+442079460018"])).state
        let others = [
            (loser, contact(["title": "B", "department": "b"])),
            (third, contact(["title": "C", "department": "c", "mobile": "+442079460019"])),
        ]
        func asked(_ wish: Merging, _ state: Contact.State, ofMerged: Bool) throws -> Contact.State {
            let told = ofMerged ? [Contact.Event.merged(into: winner)] : []
            let states = Dictionary(
                uniqueKeysWithValues: others.map { id, created in
                    (Reference(Contact.self, id), Contact.state(after: [created] + told))
                })
            return try Contact.decide(.merging(wish), given: state, in: Scene.context(id: winner, states: states))
                .reduce(into: state) { Contact.evolve(&$0, $1) }
        }
        var both = made
        for (id, _) in others {
            both = try asked(.take(loser: id, choices: ["title": .loser, "department": .loser]), both, ofMerged: false)
        }
        #expect(Contact.record(both)?["title"] == "C" && Contact.record(both)?["department"] == "c")
        for order in [[loser, third], [third, loser]] {
            var state = both
            for id in order { state = try asked(.giveBack(loser: id), state, ofMerged: true) }
            #expect(state == made)
        }
        let oneLess = try asked(.giveBack(loser: loser), both, ofMerged: true)
        #expect(Contact.record(oneLess) == Contact.record(both))
        let other = try asked(.giveBack(loser: third), both, ofMerged: true)
        #expect(Contact.record(other)?["title"] == "B" && Contact.record(other)?["mobile"] == nil)
        // What was said between the two merges was the winner's own.
        var said = try asked(.take(loser: loser, choices: ["title": .loser]), made, ofMerged: false)
        Contact.evolve(&said, .edited(set: Patch(["title": "Prof"])))
        said = try asked(.take(loser: third, choices: ["title": .loser]), said, ofMerged: false)
        for id in [loser, third] { said = try asked(.giveBack(loser: id), said, ofMerged: true) }
        #expect(Contact.record(said)?["title"] == "Prof")
    }

    @Test func `the address that somebody chose to write to first stays so, if it stays`() throws {
        let (home, work, own) = (UUID.number(1).text, UUID.number(2).text, UUID.number(3).text)
        let ada = contact(["last_name": "Lee"])
        let lee = contact([
            "emails": .object([
                home: ["address": "lee@home.example", "primary": true],
                work: ["address": "lee@work.example", "primary": false],
            ]), "primary_email": "lee@home.example",
        ])
        func back(_ more: Contact.Event...) throws -> Record? {
            let merged = given(Contact.self, ada, with: [other(lee)])
                .when(.merging(.take(loser: loser, choices: [:])))
            var state = try merged.thenState()
            for event in more { Contact.evolve(&state, event) }
            let states = [Reference(Contact.self, loser): Contact.state(after: [lee, .merged(into: winner)])]
            let context = Scene.context(id: winner, states: states)
            for event in try Contact.decide(.merging(.giveBack(loser: loser)), given: state, in: context) {
                Contact.evolve(&state, event)
            }
            return Contact.record(state)
        }
        #expect(try back()?["emails"] == nil && back()?["primary_email"] == nil)
        let added = Contact.Event.emailsChanged(
            emails: Patch([own: ["address": "ada@lee.example", "primary": false]]), primary_email: "lee@home.example")
        #expect(try back(added)?["primary_email"] == "ada@lee.example")
        let chosen = Contact.Event.emailsChanged(
            emails: Patch([
                home: ["address": "lee@home.example", "primary": false],
                own: ["address": "ada@lee.example", "primary": true],
            ]), primary_email: "ada@lee.example")
        #expect(try back(chosen)?["emails"] == .object([own: ["address": "ada@lee.example", "primary": true]]))
        let others = Contact.Event.emailsChanged(
            emails: Patch([
                home: ["address": "lee@home.example", "primary": false],
                work: ["address": "lee@work.example", "primary": true],
            ]), primary_email: "lee@work.example")
        #expect(try back(others)?["emails"] == nil)
    }

    @Test func `the loser is told, and those that came along with it`() throws {
        let others = Contact.Event.tookOver(loser: third, took: nil, along: nil)
        let state = given(Contact.self, contact(["first_name": "Ada"])).state
        let events = try decided(.merging(.take(loser: loser, choices: [:])), state, contact([:]), others)
        #expect(events == [.tookOver(loser: loser, took: nil, along: Record([third.text: true]))])
        let steps = Contact.steps(
            .merging(.take(loser: loser, choices: [:])), given: state, deciding: events, of: winner)
        let into: [String: JSON] = ["into": .string(winner.text)]
        #expect(
            steps == [
                Step(Contact.self, loser, "redirect", into, from: "loser"),
                Step(Contact.self, third, "redirect", into, from: "loser"),
            ])
        var after = state
        for event in events { Contact.evolve(&after, event) }
        let back = try decided(
            .merging(.giveBack(loser: loser)), after, contact([:]), others, .merged(into: winner))
        #expect(
            Contact.steps(.merging(.giveBack(loser: loser)), given: after, deciding: back, of: winner) == [
                Step(Contact.self, loser, "redirect", [:], from: "loser"),
                Step(Contact.self, third, "redirect", ["into": .string(loser.text)], from: "loser"),
            ])
    }
    private func decided(_ command: Contact.Command, _ state: Contact.State, _ other: Contact.Event...) throws
        -> [Contact.Event]
    {
        let states = [Reference(Contact.self, loser): Contact.state(after: other)]
        return try Contact.decide(command, given: state, in: Scene.context(id: winner, states: states))
    }

    @Test func `a record stands for itself or another one does, who then is asked instead`() {
        let made = contact(["first_name": "Ada"])
        given(Contact.self, made).when(.merging(.redirect(into: loser))).then(.merged(into: loser))
        given(Contact.self, made, .merged(into: loser)).when(.merging(.redirect(into: third)))
            .then(.redirected(into: third))
        given(Contact.self, made, .merged(into: loser)).when(.merging(.redirect(into: nil))).then(.unmerged)
        given(Contact.self, made).when(.merging(.redirect(into: nil))).then()
        let gone = given(Contact.self, made, .merged(into: loser))
        gone.when(.edit(Patch(["title": "Dr"]))).thenRefused(.merged)
        gone.when(.archive).thenRefused(.merged)
        gone.when(.restore).thenRefused(.merged)
        gone.when(.tag(Patch([third.text: true]))).thenRefused(.merged)
        #expect(Contact.claims(gone.state).isEmpty)
    }

    @Test func `what is the same already, archived, merged or itself is not merged`() {
        let made = contact(["first_name": "Ada"])
        func merging(_ events: Contact.Event...) -> When<Contact> {
            given(Contact.self, made, with: [Other(Contact.self, loser, events)])
                .when(.merging(.take(loser: loser, choices: [:])))
        }
        merging(made, .archived).thenRefused(.loserArchived)
        merging(made, .merged(into: third)).thenRefused(.loserMerged)
        given(Contact.self, made).when(.merging(.take(loser: winner, choices: [:]))).thenRefused(.withItself)
        given(Contact.self, made, .tookOver(loser: loser, took: nil, along: Record([third.text: true])))
            .when(.merging(.giveBack(loser: third))).thenRefused(.mergedAlong)
    }

    @Test func `no account comes to stand under itself`() throws {
        let made = Account.Event.created(Record(["name": "Acme", "lifecycle": "lead"]))
        func under(_ id: UUID?, _ more: Account.Event...) -> [Account.Event] {
            [made] + (id.map { [.parentChanged(from: nil, parent_id: $0)] } ?? []) + more
        }
        let merge = Account.Command.merging(.take(loser: loser, choices: [:]))
        // It stood under the other, and stands where that one did.
        given(
            Account.self, under(loser),
            with: [Other(Account.self, loser, under(third)), Other(Account.self, third, [made])]
        )
        .when(merge).then(
            .tookOver(loser: loser, took: took("parent_id"), along: nil),
            .parentChanged(from: loser, parent_id: third))
        // The other stood under it.
        given(Account.self, made, with: [Other(Account.self, loser, under(winner))]).when(merge)
            .then(.tookOver(loser: loser, took: nil, along: nil))
        // One between them cannot be above and below.
        given(
            Account.self, under(third),
            with: [Other(Account.self, loser, [made]), Other(Account.self, third, under(loser))]
        )
        .when(merge).thenRefused(.parentCycle)
        // Who stands under one that was merged stands under the one that stands for it.
        given(
            Account.self, made,
            with: [
                Other(Account.self, loser, under(nil, .merged(into: third))), Other(Account.self, third, under(winner)),
            ]
        ).when(.edit(Patch(["parent_id": .string(loser.text)]))).thenRefused(.parentCycle)
    }

    @Test func `no account comes to stand under itself when two are two again`() {
        let made = Account.Event.created(Record(["name": "Acme", "lifecycle": "lead"]))
        func under(_ id: UUID?, _ more: Account.Event...) -> [Account.Event] {
            [made] + (id.map { [.parentChanged(from: nil, parent_id: $0)] } ?? []) + more
        }
        let back = Account.Command.merging(.giveBack(loser: loser))
        let fourth = UUID.number(79)
        // It took the other's place, and what it had stood under came to stand under it meanwhile.
        given(
            Account.self,
            under(
                third, .tookOver(loser: loser, took: took("parent_id"), along: nil),
                .parentChanged(from: third, parent_id: fourth)),
            with: [
                Other(Account.self, loser, under(fourth, .merged(into: winner))),
                Other(Account.self, third, under(winner)), Other(Account.self, fourth, [made]),
            ]
        )
        .when(back).then(.gaveBack(loser: loser, kept: took("parent_id")))
        // What the other stood under stands under the other, by the winner's name or by its own.
        for id in [loser, fourth] {
            let along = Record([fourth.text: true])
            given(
                Account.self, [made, .tookOver(loser: loser, took: nil, along: along)],
                with: [
                    Other(Account.self, loser, under(third, .merged(into: winner))),
                    Other(Account.self, third, under(id)),
                    Other(Account.self, fourth, under(nil, .merged(into: winner))),
                ]
            )
            .when(back).thenRefused(.parentCycle)
        }
        // Under the winner it may stand.
        given(
            Account.self, [made, .tookOver(loser: loser, took: nil, along: nil)],
            with: [
                Other(Account.self, loser, under(third, .merged(into: winner))),
                Other(Account.self, third, under(winner)),
            ]
        )
        .when(back).then(.gaveBack(loser: loser, kept: nil))
    }

    @Test func `a contact works with an account under whatever name it was told`() {
        let made = contact([
            "first_name": "Ada", "affiliations": .object([loser.text: ["primary": true]]),
            "primary_account_id": .string(loser.text),
        ])
        let account = Account.Event.created(Record(["name": "Acme", "lifecycle": "lead"]))
        let both = [
            Other(Account.self, loser, [account, .merged(into: third)]), Other(Account.self, third, [account]),
        ]
        given(Contact.self, made, with: both).when(.endAffiliation(account: third, to: Day("2026-01-05"))).then(
            .affiliationsChanged(
                affiliations: Patch([loser.text: ["primary": false, "to": "2026-01-05"]]), primary_account_id: nil))
        given(
            Account.self, account, .tookOver(loser: loser, took: nil, along: nil),
            with: [Other(Contact.self, third, [made])]
        )
        .when(.preferContact(third)).then(.primaryContactChanged(from: nil, primary_contact_id: third))
    }

    @Test func `a lead that was converted is not merged`() {
        let made = Lead.Event.captured(Record(["company": "Acme", "status": "open"]))
        let became = Lead.Event.converted(from: "open", account_id: third, contact_id: nil, deal_id: nil)
        given(Lead.self, made, with: [Other(Lead.self, loser, [made, became])])
            .when(.merging(.take(loser: loser, choices: [:]))).thenRefused(.mergedConverted)
    }
}
