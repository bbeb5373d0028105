import CRM
import DomainTesting
import FoundationEssentials
import Kernel
import Testing

@Suite struct OrganizationTests {
    let created = Organization.Event.created(
        Record(["name": "Acme", "currency": "EUR", "time_zone": "Europe/Paris", "fiscal_year_start": 1]))

    @Test func `an organization has a currency, a zone and a calendar`() throws {
        try given(Organization.self)
            .when("create", ["name": "Acme", "currency": "eur", "time_zone": "Europe/Paris"]).then(created)
        #expect(throws: Flaw.self) { try given(Organization.self).when("create", ["name": "Acme"]) }
        given(Organization.self, created).when(.create(Record())).thenRefused(.exists)
    }
    @Test func `an edit tells what changes`() throws {
        let acme = given(Organization.self, created)
        try acme.when("edit", ["fiscal_year_start": 4, "currency": "EUR"])
            .then(.edited(set: Patch(["fiscal_year_start": 4])))
        #expect(throws: Flaw.self) { try acme.when("edit", ["currency": .null]) }
        #expect(throws: Flaw.self) { try acme.when("edit", ["fiscal_year_start": 13]) }
        try given(Organization.self).when("edit", ["name": "x"]).thenRefused(.absent)
    }
    @Test func `what becomes of an address that two have is a setting, and strict where nothing is set`() throws {
        let acme = given(Organization.self, created)
        #expect(EmailPolicy(nil) == .reject && EmailPolicy(acme.state) == .reject)
        let lenient = try acme.when("edit", ["email_policy": "warn"])
            .then(.edited(set: Patch(["email_policy": "warn"])))
        #expect(EmailPolicy(lenient.state) == .warn)
        let strict = try lenient.when("edit", ["email_policy": .null])
            .then(.edited(set: Patch(["email_policy": .null])))
        #expect(EmailPolicy(strict.state) == .reject)
        #expect(throws: Flaw.self) { try acme.when("edit", ["email_policy": "maybe"]) }
    }
    @Test func `addresses of contacts are ruled by it, and nothing else that is one record's alone`() {
        let ann = Contact.state(after: [
            .created(Record(["last_name": "Ann", "emails": ["x": ["address": "ann@x.org"]], "platform_user_id": "7"]))
        ])
        let member = Member.state(after: [.added(Record(["name": "Ann", "email": "ann@x.org"]))])
        let ruled = Contact.claims(ann).union(Member.claims(member)).filter { EmailPolicy.scopes.contains($0.scope) }
        #expect(ruled == [Claim("contact.email", "ann@x.org")])
    }
    @Test func `the key of its log is told at the beginning, and changes by an event of its own`() throws {
        let log: JSON = ["origin": "daybook/x", "key": "daybook/x+00000000+AQ=="]
        let begun = try given(Organization.self)
            .when("create", ["name": "Acme", "currency": "EUR", "time_zone": "Europe/Paris", "log": log])
            .then(
                .created(
                    Record([
                        "name": "Acme", "currency": "EUR", "time_zone": "Europe/Paris", "log": log,
                        "fiscal_year_start": 1,
                    ])))
        let rotated = try begun.when("change_log_key", ["key": "daybook/x+11111111+AQ=="])
            .then(.logKeyChanged(key: "daybook/x+11111111+AQ==", from: "daybook/x+00000000+AQ=="))
        #expect(rotated.state?["log"] == ["origin": "daybook/x", "key": "daybook/x+11111111+AQ=="])
        try begun.when("change_log_key", ["key": "daybook/x+00000000+AQ=="]).then()
        #expect(throws: Flaw.self) { try begun.when("edit", ["log": log]) }
        try given(Organization.self).when("change_log_key", ["key": "k"]).thenRefused(.absent)
    }
}

@Suite struct MemberTests {
    let added = Member.Event.added(Record(["name": "Ann", "email": "ann@x.org", "role": "member"]))
    var ann: Given<Member> { given(Member.self, added) }

    @Test func `a member has a role, member where none is named`() throws {
        try given(Member.self).when("add", ["name": "Ann", "email": "Ann@X.org"]).then(added)
        try given(Member.self).when("add", ["name": "Bob", "role": "owner"])
            .then(.added(Record(["name": "Bob", "role": "owner"])))
        ann.when(.add(Record())).thenRefused(.exists)
    }
    @Test func `a new role is told by an event of its own`() throws {
        try ann.when("edit", ["role": "owner", "title": "CEO"])
            .then(.roleChanged(from: "member", to: "owner"), .edited(set: Patch(["title": "CEO"])))
        #expect(throws: Flaw.self) { try ann.when("edit", ["role": .null]) }
        #expect(throws: Flaw.self) { try ann.when("edit", ["role": "king"]) }
    }
    @Test func `a new password is a new fact each time, and never told`() throws {
        try ann.when("password_changed").then(.passwordChanged, recurs: true)
        #expect(try Stored(Member.Event.passwordChanged).data == [:])
        try given(Member.self, added, .archived).when("password_changed").thenRefused(.archived)
        try given(Member.self).when("password_changed").thenRefused(.absent)
    }
    @Test func `the address is hers alone until she is archived`() {
        #expect(Member.claims(ann.state) == [Claim("member.email", "ann@x.org")])
        #expect(Member.claims(given(Member.self, added, .archived).state) == [])
    }
    @Test func `an archived member changes only after she is restored`() {
        given(Member.self, added, .archived).when(.edit(Patch(["name": "x"]))).thenRefused(.archived)
        given(Member.self, added, .archived).when(.restore).then(.restored)
        given(Member.self).when(.archive).thenRefused(.absent)
    }
}

@Suite struct TeamTests {
    let created = Team.Event.created(Record(["name": "West", "region": "West"]))

    @Test func `a team has a region and a manager`() throws {
        try given(Team.self).when("create", ["name": "West", "region": "West"]).then(created)
        let manager = JSON.string(UUID.number(1).text)
        try given(Team.self, created).when("edit", ["manager_id": manager])
            .then(.edited(set: Patch(["manager_id": manager])))
    }
    @Test func `a team begins once, and is changed only while it is in use`() throws {
        try given(Team.self, created).when("create", ["name": "x"]).thenRefused(.exists)
        try given(Team.self, created, .archived).when("edit", ["name": "x"]).thenRefused(.archived)
        try given(Team.self).when("edit", ["name": "x"]).thenRefused(.absent)
        try given(Team.self, created).when("archive").then(.archived)
        try given(Team.self, created, .archived).when("restore").then(.restored)
    }
}

@Suite struct ProductTests {
    let created = Product.Event.created(Record(["name": "GTX Pro", "code": "GTX-1"]))

    @Test func `a product is listed, priced and put away`() throws {
        try given(Product.self).when("create", ["name": "GTX  Pro", "code": "GTX-1"]).then(created)
        try given(Product.self, created).when("edit", ["price": ["minor": 482_100, "currency": "usd"]])
            .then(.edited(set: Patch(["price": ["minor": 482_100, "currency": "USD"]])))
        try given(Product.self, created).when("archive").then(.archived)
        try given(Product.self, created, .archived).when("edit", ["series": "GTX"]).thenRefused(.archived)
    }
    @Test func `its code is its alone without regard to case`() {
        #expect(Product.claims(given(Product.self, created).state) == [Claim("product.code", "gtx-1")])
        #expect(Product.claims(given(Product.self, created, .archived).state) == [])
    }
}
