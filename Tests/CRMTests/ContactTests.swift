import CRM
import DomainTesting
import FoundationEssentials
import Kernel
import Testing

@Suite struct ContactTests {
    @Test func `a member of a map that is null at the beginning is none`() throws {
        let body: [String: JSON] = [
            "last_name": "Lovelace", "social_profiles": ["x": .null, "y": "https://y.org"], "preferences": ["a": .null],
        ]
        let state = try given(Contact.self).when("create", body).thenState()
        #expect(Contact.record(state)?["social_profiles"] == ["y": "https://y.org"])
        #expect(Contact.record(state)?["preferences"] == nil)
    }

    static let work = UUID.number(11), home = UUID.number(12), acme = UUID.number(21), zeta = UUID.number(22)
    static func email(_ address: String, primary: Bool, label: String? = nil) -> JSON {
        .object(
            ["address": .string(address), "primary": .bool(primary)].merging(
                label.map { ["label": .string($0)] } ?? [:]
            ) { $1 })
    }
    static func created(_ work: UUID, _ home: UUID) -> Contact.Event {
        .created(
            Record([
                "first_name": "Ann", "status": "active", "mode": "external", "primary_email": "ann@work.org",
                "emails": .object([
                    work.text: email("ann@work.org", primary: true), home.text: email("ann@home.org", primary: false),
                ]),
                "affiliations": .object([acme.text: ["primary": true, "role": "CFO"]]),
                "primary_account_id": .string(acme.text),
            ]))
    }
    let created = created(work, home)
    var ann: Given<Contact> { given(Contact.self, created) }

    // MARK: Entering

    @Test func `a contact is entered with addresses and accounts, the first of each being primary`() throws {
        let body: [String: JSON] = [
            "first_name": "Ann", "emails": ["Ann@Work.org", ["address": "ann@home.org"]],
            "affiliations": [["account_id": .string(Self.acme.text), "role": "CFO"]],
        ]
        try given(Contact.self).when("create", body).then(Self.created(.number(1), .number(2)))
    }
    @Test func `one address and one account are enough`() throws {
        try given(Contact.self)
            .when("create", ["last_name": "Lee", "email": "lee@x.org", "account_id": .string(Self.zeta.text)])
            .then(
                .created(
                    Record([
                        "last_name": "Lee", "status": "active", "mode": "external", "primary_email": "lee@x.org",
                        "emails": .object([UUID.number(1).text: Self.email("lee@x.org", primary: true)]),
                        "affiliations": .object([Self.zeta.text: ["primary": true]]),
                        "primary_account_id": .string(Self.zeta.text),
                    ])))
    }
    @Test func `the address that is said to be primary is`() throws {
        let emails: JSON = ["a@x.org", ["address": "b@x.org", "primary": true], "c@x.org"]
        let state = try given(Contact.self).when("create", ["last_name": "Lee", "emails": emails]).thenState()
        #expect(Contact.record(state)?.text("primary_email") == "b@x.org")
    }
    @Test func `a contact without addresses has none`() throws {
        try given(Contact.self).when("create", ["first_name": "Ann", "emails": []])
            .then(.created(Record(["first_name": "Ann", "status": "active", "mode": "external"])))
    }
    @Test func `a contact needs a name`() throws {
        try given(Contact.self).when("create", ["title": "Dr"]).thenRefused(.nameMissing)
        try ann.when("edit", ["first_name": .null]).thenRefused(.nameMissing)
        try ann.when("edit", ["first_name": .null, "last_name": "Lee"])
            .then(.edited(set: Patch(["first_name": .null, "last_name": "Lee"])))
    }

    // MARK: Addresses

    @Test func `an address is added, and becomes primary when it is said to be`() throws {
        let third = UUID.number(1)
        let lee = given(Contact.self, .created(Record(["last_name": "Lee"])))
        try lee.when("add_email", ["address": "lee@x.org", "label": "work"]).then(
            .emailsChanged(
                emails: Patch([third.text: Self.email("lee@x.org", primary: true, label: "work")]),
                primary_email: "lee@x.org"))
        try ann.when("add_email", ["address": "ann@home.org", "primary": true]).then(
            .emailsChanged(
                emails: Patch([
                    Self.work.text: Self.email("ann@work.org", primary: false),
                    Self.home.text: Self.email("ann@home.org", primary: true),
                ]), primary_email: "ann@home.org"))
        try ann.when("add_email", ["address": "ann@work.org"]).then()
    }
    @Test func `when the primary address goes, another becomes primary`() throws {
        let promoted = Patch([Self.work.text: .null, Self.home.text: Self.email("ann@home.org", primary: true)])
        for body: [String: JSON] in [["email_id": .string(Self.work.text)], ["address": "ANN@work.org"]] {
            try ann.when("remove_email", body)
                .then(.emailsChanged(emails: promoted, primary_email: "ann@home.org"))
        }
        try ann.when("remove_email", ["address": "x@x.org"]).thenRefused(.emailUnknown)
        #expect(throws: Flaw.self) { try ann.when("remove_email") }
    }
    @Test func `another address is made primary`() throws {
        let state = try ann.when("make_email_primary", ["address": "ann@home.org"]).thenState()
        #expect(Contact.record(state)?.text("primary_email") == "ann@home.org")
        try ann.when("make_email_primary", ["address": "ann@work.org"]).then()
    }
    @Test func `an edit with one address replaces the primary one, or prefers the one that is there`() throws {
        try ann.when("edit", ["email": "ann@new.org"]).then(
            .emailsChanged(
                emails: Patch([Self.work.text: .null, UUID.number(1).text: Self.email("ann@new.org", primary: true)]),
                primary_email: "ann@new.org")
        )
    }
    @Test func `an edit by id changes one address and leaves the others`() throws {
        let patch = JSON.object([Self.home.text: .null])
        try ann.when("edit", ["emails": patch]).then(
            .emailsChanged(emails: Patch([Self.home.text: .null]), primary_email: "ann@work.org"))
        let relabelled = JSON.object([Self.work.text: ["address": "ann@work.org", "label": "desk"]])
        try ann.when("edit", ["emails": relabelled]).then(
            .emailsChanged(
                emails: Patch([Self.work.text: Self.email("ann@work.org", primary: true, label: "desk")]),
                primary_email: "ann@work.org"))
        let twice = JSON.object([Self.home.text: ["address": "ann@work.org"]])
        try ann.when("edit", ["emails": twice]).thenRefused(.emailTwice)
    }
    @Test func `an edit with null removes all addresses`() throws {
        try ann.when("edit", ["emails": .null]).then(
            .emailsChanged(emails: Patch([Self.work.text: .null, Self.home.text: .null]), primary_email: nil))
    }
    @Test func `each address is hers alone, until she is archived`() {
        let both: Set = [Claim("contact.email", "ann@work.org"), Claim("contact.email", "ann@home.org")]
        #expect(Contact.claims(ann.state) == both)
        #expect(Contact.claims(given(Contact.self, created, .archived).state) == [])
        #expect(Contact.claims(given(Contact.self, created, .archived, .restored).state) == both)
    }

    // MARK: Accounts

    @Test func `a contact works with several accounts, one of them first`() throws {
        let zeta = JSON.string(Self.zeta.text)
        let after = try ann.when("affiliate", ["account_id": zeta, "role": "Board", "from": "2017-01-01"]).then(
            .affiliationsChanged(
                affiliations: Patch([
                    Self.zeta.text: ["role": "Board", "from": "2017-01-01", "primary": false]
                ]), primary_account_id: Self.acme))
        try after.when("make_primary", ["account_id": zeta]).then(
            .affiliationsChanged(
                affiliations: Patch([
                    Self.acme.text: ["primary": false, "role": "CFO"],
                    Self.zeta.text: ["role": "Board", "from": "2017-01-01", "primary": true],
                ]), primary_account_id: Self.zeta))
        try ann.when("make_primary", ["account_id": zeta]).thenRefused(.notAffiliated)
        try ann.when("end_affiliation", ["account_id": zeta]).thenRefused(.notAffiliated)
    }
    @Test func `an affiliation that ended is not primary, and begins again when it is said to`() throws {
        let acme = JSON.string(Self.acme.text)
        let after = try ann.when("end_affiliation", ["account_id": acme]).then(
            .affiliationsChanged(
                affiliations: Patch([Self.acme.text: ["primary": false, "role": "CFO", "to": "2017-03-01"]]),
                primary_account_id: nil))
        try after.when("make_primary", ["account_id": acme]).thenRefused(.affiliationEnded)
        try after.when("end_affiliation", ["account_id": acme]).then()
        try after.when("affiliate", ["account_id": acme]).then(
            .affiliationsChanged(
                affiliations: Patch([Self.acme.text: ["primary": true, "role": "CFO"]]), primary_account_id: Self.acme))
    }
    @Test func `an edit with one account replaces the primary one`() throws {
        try ann.when("edit", ["account_id": .string(Self.zeta.text)]).then(
            .affiliationsChanged(
                affiliations: Patch([Self.acme.text: .null, Self.zeta.text: ["primary": true]]),
                primary_account_id: Self.zeta))
        try ann.when("edit", ["account_id": .string(Self.acme.text)]).then()
    }

    // MARK: The rest

    @Test func `an edit tells each matter by its own event`() throws {
        let owner = UUID.number(9)
        try ann.when("edit", ["owner_id": .string(owner.text), "title": "Dr", "emails": []]).then(
            .assigned(from: nil, owner_id: owner), .edited(set: Patch(["title": "Dr"])),
            .emailsChanged(emails: Patch([Self.work.text: .null, Self.home.text: .null]), primary_email: nil))
    }
    @Test func `profiles and preferences are set and removed one by one`() throws {
        let set = try ann.when("edit", ["social_profiles": ["x": "x.com/ann", "linkedin": "linkedin.com/in/ann"]]).then(
            .edited(
                set: Patch(["social_profiles": ["x": "https://x.com/ann", "linkedin": "https://linkedin.com/in/ann"]])))
        try set.when("edit", ["social_profiles": ["x": .null]]).then(
            .edited(set: Patch(["social_profiles": ["x": .null]])))
    }
    @Test func `that mail comes back is told as a change of her status`() throws {
        let bounced = try ann.when("mark_bounced").then(.statusChanged(from: "active", status: "bounced"))
        try bounced.when("edit", ["status": "active", "title": "Dr"]).then(
            .statusChanged(from: "bounced", status: "active"), .edited(set: Patch(["title": "Dr"])))
    }
    @Test func `who is on the platform is one user there, and its profile is kept apart`() throws {
        let profile: JSON = ["display_name": "Ann of Acme"]
        let linked = try ann.when("link_platform_user", ["user_id": "u-1", "profile": profile]).then(
            .linkedToPlatformUser(
                platform_user_id: "u-1", platform_profile: Record(["display_name": "Ann of Acme"])))
        #expect(Contact.record(linked.state)?["mode"] == "native")
        #expect(Contact.record(linked.state)?["first_name"] == "Ann")
        #expect(Contact.claims(linked.state).contains(Claim("contact.platform_user", "u-1")))
        try linked.when("link_platform_user", ["user_id": "u-1"]).then()
        try linked.when("link_platform_user", ["user_id": "u-2"]).thenRefused(.isLinked)
        let alone = try linked.when("unlink_platform_user").then(.unlinkedFromPlatformUser)
        #expect(Contact.record(alone.state)?["platform_profile"] == nil)
        #expect(Contact.record(alone.state)?["mode"] == "external")
        try alone.when("unlink_platform_user").then()
    }
    @Test func `a contact may come from the platform`() throws {
        try given(Contact.self).when("create", ["last_name": "Lee", "platform_user_id": "u-7"])
            .then(
                .created(
                    Record(["last_name": "Lee", "status": "active", "mode": "native", "platform_user_id": "u-7"])))
        try given(Contact.self).when("create", ["last_name": "Lee", "platform_profile": ["a": "b"]])
            .thenRefused(.platformUserMissing)
    }
    @Test func `an archived contact changes only after it is restored`() throws {
        let away = given(Contact.self, created, .archived)
        try away.when("add_email", ["address": "a@b.cd"]).thenRefused(.archived)
        try away.when("edit", ["title": "Dr"]).thenRefused(.archived)
        away.when(.restore).then(.restored)
        given(Contact.self).when(.makePrimary(account: Self.acme)).thenRefused(.absent)
    }
    @Test func `what an erased person's events have left is still read`() throws {
        let stored = Stored(type: "contact.emails_changed", schema: 1, data: [:])
        #expect(try stored.decode(Contact.Event.self) == .emailsChanged(emails: nil, primary_email: nil))
        let bare = Stored(type: "contact.created", schema: 1, data: ["status": "active"])
        let state = Contact.state(after: [try bare.decode(Contact.Event.self)])
        #expect(Contact.record(state) == Record(["status": "active"]))
    }
}
