import CRM
import DomainTesting
import Kernel
import Testing

@Suite struct RateTests {
    static let organization = Other(
        Organization.self, Scene.organization, [.created(Record(["name": "Acme", "currency": "USD"]))])
    static let body: [String: JSON] = ["currency": "eur", "day": "2017-03-01", "rate": .number(1.0834)]
    let published = Rate.Event.published(
        Record(["currency": "EUR", "day": "2017-03-01", "rate": .number(1.0834), "base": "USD"]))
    var rate: Given<Rate> { given(Rate.self, published, with: [Self.organization]) }

    @Test func `a rate says to which currency it is: that in which the organization counts`() throws {
        try given(Rate.self, with: [Self.organization]).when("publish", Self.body).then(published)
        try rate.when("publish", Self.body).thenRefused(.exists)
        try given(Rate.self, with: [Self.organization])
            .when("publish", Self.body.merging(["currency": "USD"]) { $1 }).thenRefused(.ofBase)
    }
    @Test func `a rate is corrected, and its day and currency stay`() throws {
        let change = Patch(["rate": .number(1.0843)])
        try rate.when("correct", ["rate": .number(1.0843)]).then(.corrected(set: change))
        try rate.when("correct", ["rate": .number(1.0834)]).then()
        #expect(throws: Flaw.self) { try rate.when("correct", ["day": "2017-03-02"]) }
        #expect(throws: Flaw.self) { try rate.when("correct", ["rate": 0]) }
    }
    @Test func `a currency has one rate a day, unless it was taken back`() throws {
        let day = Claim("rate.day", "EUR 2017-03-01")
        #expect(Rate.claims(rate.state) == [day])
        let gone = try rate.when("archive").then(.archived)
        #expect(Rate.claims(gone.state) == [])
        try gone.when("correct", ["rate": 2]).thenRefused(.archived)
        #expect(Rate.claims(try gone.when("restore").thenState()) == [day])
    }
}
