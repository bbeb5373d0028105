import Foundation
import Kernel
import Testing

/// By which forms of addresses, numbers, hosts and names two records are found to be the same.
@Suite struct MatchTests {
    @Test(arguments: [
        ("Ada@Example.com", "ada@example.com"), ("ada+crm@example.com", "ada@example.com"),
        ("a.d.a+x@gmail.com", "ada@gmail.com"), ("ada@googlemail.com", "ada@gmail.com"),
        ("a.da@example.com", "a.da@example.com"), ("+ada@example.com", "+ada@example.com"),
    ])
    func `an address is that of its mailbox`(text: String, key: String) { #expect(Match.email(text) == key) }

    @Test func `what is no address is found by nothing`() {
        for text in ["", "ada", "@example.com", "ada@"] { #expect(Match.email(text) == nil) }
    }

    @Test(arguments: [
        "+4989123456", "+49 89 123456", "+49 (0)89 / 12 34 56", "004989123456", "089 123456 ext. 7",
        "+4989123456;ext=7",
        "+49 89 123456x7",
    ])
    func `a number is the same however it is written`(text: String) { #expect(Match.phone(text) == "89123456") }

    @Test func `a short number counts whole, and what is too short for one not at all`() {
        #expect(Match.phone("+354 555 1234") == "45551234" && Match.phone("555 1234") == "5551234")
        #expect(Match.phone("110") == nil && Match.phone("") == nil && Match.phone("000000000") == nil)
    }

    @Test(arguments: [
        ("https://www.Acme.example/about?x", "acme.example"), ("http://acme.example:8080", "acme.example"),
        ("acme.example", "acme.example"), ("info@acme.example", "acme.example"),
        ("https://shop.acme.example", "shop.acme.example"),
    ])
    func `a host is that of the company`(text: String, key: String) { #expect(Match.domain(text) == key) }

    @Test(arguments: [
        "ada@gmail.com", "https://www.linkedin.com/company/acme", "https://de.linkedin.com/x", "gmail.com",
    ])
    func `a host that companies and people share is nobody's`(text: String) { #expect(Match.domain(text) == nil) }

    @Test(arguments: [
        (["Ada", "Lovelace"], "ada lovelace"), (["Lovelace", "Ada"], "ada lovelace"),
        (["Dr. Ada", "LOVELACE"], "ada lovelace"),
        (["José", "Müller"], "jose muller"), (["Søren", "Łukasz"], "lukasz soren"),
        (["Strauß", "Karl"], "karl strauss"),
        (["Seán", "O’Brien"], "obrien sean"), (["Анна", "Каренина"], "анна каренина"),
    ])
    func `a person's name is its words, in any order and without accents and titles`(names: [String], key: String) {
        #expect(Match.person(names) == key)
    }

    @Test func `one word tells too little of a person`() {
        for names in [["Ada"], ["Dr.", "Ada"], [""], []] { #expect(Match.person(names) == nil) }
    }

    @Test(arguments: [
        ("Acme GmbH", "acme"), ("ACME, Inc.", "acme"), ("Acme G.m.b.H. & Co. KG", "acme"), ("Acme Ltd", "acme"),
        ("Meyer & Sons Ltd.", "meyer sons"), ("Meyer and Sons", "meyer sons"), ("Acme Sp. z o.o.", "acme"),
        ("AG", "ag"), ("Societé Générale SA", "societe generale"), ("Studio 54", "studio 54"), ("&", nil),
    ])
    func `a company's name is without its legal form`(name: String, key: String?) {
        #expect(Match.company(name) == key)
    }

    @Test(arguments: [
        ("robert", "r163"), ("rupert", "r163"), ("rubin", "r150"), ("ashcraft", "a261"), ("tymczak", "t522"),
        ("pfister", "p236"), ("honeyman", "h555"), ("lee", "l000"), ("54", "54"), ("анна", "анна"),
        ("maier hans", "m600 h520"), ("meyer hans", "m600 h520"),
    ])
    func `a name sounds as the National Archives write it`(name: String, code: String) {
        #expect(Match.sound(name) == code)
    }

    @Test func `a form makes keys by what they are, each once`() {
        #expect(Match.keys(of: .email, ["a+1@x.example", "a@x.example", "b"]) == ["email": ["a@x.example"]])
        #expect(
            Match.keys(of: .person, ["Ada", "Lovelace"]) == ["name": ["ada lovelace"], "sound": ["a300 l142"]])
        #expect(Match.keys(of: .domain, ["a@gmail.com"]) == [:] && Match.keys(of: .company, [""]) == [:])
    }

    /// With random spellings: case, a tag behind the address, blanks and brackets in the number, order of the words.
    @Test func `spelling makes no difference, and what is a key is its own key`() {
        var random = SystemRandomNumberGenerator()
        func pick(_ letters: String, _ count: ClosedRange<Int>) -> String {
            String(
                (0..<Int.random(in: count, using: &random)).map { _ in letters.randomElement(using: &random) ?? "a" })
        }
        let letters = "abcdefghijklmnopqrstuvwxyz"
        for _ in 0..<500 {
            let (local, host) = (pick(letters, 1...12), pick(letters, 1...9) + ".example")
            let address = "\(local)@\(host)"
            #expect(Match.email("\(local.uppercased())+\(pick(letters, 1...5))@\(host)") == address)
            #expect(Match.email(address) == address && Match.domain("https://www.\(host)/x") == host)
            let number = "+49" + pick("123456789", 8...12)
            let spaced = number.map { "\($0)" + ["", " ", "-", "/"].randomElement(using: &random)! }.joined()
            #expect(Match.phone(spaced) == Match.phone(number) && Match.phone(number)?.count == Match.digits)
            let words = [pick(letters, 5...9), pick(letters, 5...9)]
            let key = Match.person(words)
            #expect(Match.person([words[1].capitalized + ",", words[0].uppercased()]) == key)
            #expect(key.flatMap { Match.person([$0]) } == key, "\(words)")
            #expect(Match.sound(words[0]).count == 4)
        }
    }
}
