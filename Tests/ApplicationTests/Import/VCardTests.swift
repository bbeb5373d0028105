import CRM
import Foundation
import Kernel
import Testing

@testable import Application

@Suite struct VCardTests {
    @Test func `folds, soft breaks, character sets and escapes are read as they were meant`() throws {
        let text = """
            BEGIN:VCARD\r
            VERSION:2.1\r
            N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;J=F6rg\r
            ORG:Acme\\; Sons;Sales\r
            TEL;WORK;FAX:+1 212 555 0100\r
            TEL;WORK;VOICE:+1 212 555 0101\r
            NOTE;ENCODING=QUOTED-PRINTABLE:One line=0D=0Atwo=\r
             and more\r
            item1.EMAIL;type=INTERNET;type=pref:jm@\r
             acme.example\r
            X-ODD:kept\r
            END:VCARD\r
            BEGIN:VCARD
            VERSION:4.0
            FN:Ada King
            UID:urn:uuid:1
            TEL;VALUE=uri;TYPE="cell,voice":tel:+44-20-7946-0018;ext=7
            BDAY:--0203
            END:VCARD

            """
        let cards = VCard.cards(Array(text.utf8))
        #expect(cards.count == 2)
        let first = cards[0].cells
        #expect(first["last_name"] == "Müller" && first["first_name"] == "Jörg")
        #expect(first["organization"] == "Acme; Sons" && first["department"] == "Sales")
        #expect(first["phone"] == "+1 212 555 0101" && first["other_phones"] == "work fax +1 212 555 0100")
        #expect(first["note"]?.contains("two and more") == true, "\(first["note"] ?? "")")
        #expect(first["emails"]?.contains("jm@acme.example") == true)
        #expect(first["other"] == "X-ODD: kept" && first["key"] == "Müller Jörg jm@acme.example")
        let second = cards[1].cells
        #expect(second["first_name"] == "Ada" && second["last_name"] == "King" && second["key"] == "urn:uuid:1")
        #expect(second["mobile"] == "+44-20-7946-0018" && second["birthday"] == nil)
    }

    @Test func `what a card says is in the character set that it names`() {
        let texts: [(charset: String, bytes: String, says: String)] = [
            ("ISO-8859-15", "=A4", "€"), ("windows-1251", "=C0=ED=ED=E0", "Анна"), ("KOI8-R", "=E1=CE=CE=C1", "Анна"),
            ("GB2312", "=CD=F5", "王"), ("Shift_JIS", "=83=5C=97=D1", "ソ林"), ("ISO-2022-JP", "=1B$B;3=1B(B", "山"),
            ("UTF-8", "=E5=B1=B1", "山"), ("no-such-thing", "=E9", "é"),
        ]
        for (charset, bytes, says) in texts {
            let name = "N;ENCODING=QUOTED-PRINTABLE;CHARSET=\(charset):\(bytes)"
            let card = "BEGIN:VCARD\nVERSION:2.1\n\(name)\nEND:VCARD\n"
            #expect(VCard.cards(Array(card.utf8)).first?.cells["last_name"] == says, "\(charset)")
        }
        let wide = Array("BEGIN:VCARD\nN:山\nEND:VCARD\n".utf16).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        #expect(VCard.cards([0xFF, 0xFE] + wide).first?.cells["last_name"] == "山")
    }

    @Test func `two of the same name are told apart by address, number or organization`() async throws {
        func card(_ lines: String...) -> String {
            (["BEGIN:VCARD", "FN:Ann Lee"] + lines + ["END:VCARD", ""]).joined(separator: "\n")
        }
        let text =
            card("EMAIL:A@x.io", "TEL:+1 212 555 0100") + card("TEL:+1 (212) 555-0101", "ORG:Acme") + card("ORG:Acme")
            + card("ORG:Initech;Sales") + card() + card("UID:7", "EMAIL:a@x.io")
        let keys = VCard.cards(Array(text.utf8)).map { $0.cells["key"] }
        #expect(
            keys == [
                "Ann Lee a@x.io", "Ann Lee +12125550101", "Ann Lee Acme", "Ann Lee Initech", "Ann Lee", "7",
            ])
        let path = FileManager.default.temporaryDirectory.appending(path: "cards-\(UUID().uuidString).vcf").path
        defer { unlink(path) }
        try Data((card("TEL:+12125550100") + card("TEL:+12125550101")).utf8).write(to: URL(fileURLWithPath: path))
        let house = try await ImportHouse()
        let summary = try await house.run(table: VCardTable(path), try ImportHouse.shipped("vcard"))
        #expect(summary.accepted == 2, "\(summary.json)")
        let second = try await house.record(Contact.self, "Ann Lee +12125550101", source: "vcard")
        #expect(second?.text("phone") == "+12125550101")
    }

    @Test func `bytes that are no UTF-8 are read as Windows writes them, and a card within a card is not one`() {
        let bytes =
            Array("BEGIN:VCARD\nN:M".utf8) + [0xFC]
            + Array("ller\nAGENT:\nBEGIN:VCARD\nN:Other\nEND:VCARD\nEND:VCARD\n".utf8)
        let cards = VCard.cards(bytes)
        #expect(cards.count == 1 && cards.first?.cells["last_name"] == "Müller")
    }

    @Test(.enabled(if: FolderImportTests.shared != nil, FolderImportTests.absence))
    func `cards of real producers become contacts with their accounts, and come again unchanged`() async throws {
        let folder = try #require(FolderImportTests.shared) + "/vcard"
        let house = try await ImportHouse()
        let mapping = try ImportHouse.shipped("vcard")
        var rows = 0
        for name in ["John_Doe_GMAIL", "gmail-list", "rfc2426-example", "rfc6350-example"] {
            let summary = try await house.run(table: VCardTable("\(folder)/\(name).vcf"), mapping)
            #expect(summary.rejected == 0 && summary.accepted == summary.rows, "\(name): \(summary)")
            let again = try await house.run(table: VCardTable("\(folder)/\(name).vcf"), mapping)
            #expect(again.unchanged == again.rows, "\(name): \(again)")
            rows += summary.rows
        }
        #expect(rows == 7)
        // The same person with the same address, as another program writes her.
        let twin = try await house.run(table: VCardTable("\(folder)/John_Doe_IPHONE.vcf"), mapping)
        #expect(twin.rows == 1)
        let simon = try #require(
            try await house.record(Contact.self, "Simon Perreault simon.perreault@viagenie.ca", source: "vcard"))
        #expect(try await simon.id("primary_account_id") == house.id("account", "Viagenie", source: "vcard"))
        #expect(simon["custom"]?["city"] == "Quebec")
    }
}

extension ImportHouse {
    func run(table: any ImportTable, _ mapping: String) async throws -> ImportRun.Summary {
        let (imports, caller) = (imports, house.caller(.owner))
        return try await ImportRun(table, mapping: mapping, rejects: rejects) { path, body in
            let parts = path.split(separator: "/")
            guard parts.count > 1 else { return try await imports.open(body, by: caller).body }
            return try await imports.take(UUID(uuidString: String(parts[1])) ?? UUID(), body, by: caller).body
        }.run()
    }
}
