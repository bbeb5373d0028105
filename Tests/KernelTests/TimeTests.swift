import FoundationEssentials
import Testing

@testable import Kernel

@Suite struct TimeTests {
    @Test func `every day of four hundred years goes to text and back`() {
        for number in Int32(-200)...Int32(146_300) {
            let day = Day(number: number)
            #expect(Day(day.text) == day)
        }
    }
    @Test(arguments: ["2017-02-29", "2017-13-01", "2017-1-01", "0000-01-01", "2017-00-10", "", "2017-01-01T"])
    func `a day the calendar does not have is not taken`(text: String) {
        #expect(Day(text) == nil)
    }
    @Test(arguments: [
        ("2017-03-01T00:00:00Z", "2017-03-01T00:00:00.000000Z"),
        ("2017-03-01T02:30:00.5+02:30", "2017-03-01T00:00:00.500000Z"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        ("2017-03-01T23:00:00.1234567-01:00", "2017-03-02T00:00:00.123456Z"),
    ])
    func `an instant is written in one form`(read: String, written: String) {
        #expect(Instant(read)?.text == written)
    }
    @Test(arguments: [
        "2017-03-01", "2017-03-01T24:00:00Z", "2017-03-01T00:00:00", "2017-03-01T00:00:60Z", "2017-03-01T00:00:00+1:00",
    ])
    func `what is not an RFC 3339 instant is not taken`(text: String) {
        #expect(Instant(text) == nil)
    }
    @Test func `an id is written in small letters, read in either, and nothing else is one`() {
        var dice = SystemRandomNumberGenerator()
        for _ in 0..<1_000 {
            let id = UUID.v8((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &dice) })
            #expect(id.text == id.uuidString.lowercased())
            #expect(UUID(text: id.text) == id && UUID(text: id.uuidString) == id)
            // One character that is put in, left out or another.
            var letters = Array(id.text)
            let place = Int.random(in: 0..<36, using: &dice)
            switch Int.random(in: 0..<3, using: &dice) {
            case 0: letters.remove(at: place)
            case 1: letters.insert("0", at: place)
            case _:
                letters[place] = ["-", "g", "G", "0", "/", ":", "@", "`", "é", " "].randomElement(using: &dice) ?? " "
            }
            let isOne = String(letters).wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil
            #expect((UUID(text: String(letters)) != nil) == isOne, "\(String(letters))")
        }
        for text in ["", "-", "{00000000-0000-4000-8000-000000000000}", "00000000000040008000000000000000"] {
            #expect(UUID(text: text) == nil)
        }
    }

    @Test func `ids carry their version and variant, and v7 sorts by time`() {
        let early = UUID.v7(at: Instant(microseconds: 1_000_000), random: (.max, .max))
        let late = UUID.v7(at: Instant(microseconds: 2_000_000), random: (0, 0))
        #expect(early.text < late.text)
        #expect(early.text.dropFirst(14).first == "7")
        let derived = UUID.v8(Array(repeating: UInt8(0xFF), count: 32))
        #expect(derived.text == "ffffffff-ffff-8fff-bfff-ffffffffffff")
    }
}
