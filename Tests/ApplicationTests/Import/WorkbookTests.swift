import CRM
import Foundation
import Kernel
import Testing

@testable import Application

/// Workbooks as spreadsheets write them; Python's zipfile packs these.
@Suite struct WorkbookTests {
    private static let parts = [
        "xl/workbook.xml": """
        <workbook xmlns:r="r"><workbookPr/><sheets><sheet name="People" sheetId="1" r:id="a"/>
        <sheet name="Empty" sheetId="2" r:id="b"/><sheet name="Sums &amp; days" sheetId="3" r:id="c"/></sheets></workbook>
        """,
        "xl/_rels/workbook.xml.rels": """
        <Relationships><Relationship Id="a" Target="worksheets/sheet1.xml"/>
        <Relationship Id="b" Target="worksheets/sheet2.xml"/>
        <Relationship Id="c" Target="/xl/worksheets/sheet3.xml"/></Relationships>
        """,
        "xl/sharedStrings.xml": """
        <sst><si><t>name</t></si><si><r><t>Ac</t></r><r><rPr/><t xml:space="preserve">me &amp; Co</t></r>
        <rPh><t>reading</t></rPh></si><si><t>staff</t></si></sst>
        """,
        "xl/styles.xml": """
        <styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd\\.mm\\.yyyy"/>
        <numFmt numFmtId="165" formatCode="[Red]0.00&quot;days&quot;"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
        <cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="22"/><xf numFmtId="165"/></cellXfs></styleSheet>
        """,
        "xl/worksheets/sheet1.xml": """
        <worksheet><sheetData><row r="2"><c r="A2" t="s"><v>0</v></c><c r="C2" t="s"><v>2</v></c></row>
        <row r="4"><c r="A4" t="s"><v>1</v></c><c r="C4"><v>5</v></c></row></sheetData></worksheet>
        """,
        "xl/worksheets/sheet2.xml": "<worksheet><sheetData/></worksheet>",
        "xl/worksheets/sheet3.xml": """
        <worksheet><sheetData><row><c t="inlineStr"><is><t>a</t></is></c><c t="str"><v>b</v></c><c t="str"><v>c</v></c>
        <c t="str"><v>d</v></c><c t="str"><v>e</v></c><c t="str"><v>f</v></c></row>
        <row><c s="1"><v>44197</v></c><c s="2"><v>44197.75</v></c><c s="3"><v>1.1000000000000001</v></c>
        <c t="b"><v>1</v></c><c t="e"><v>#N/A</v></c><c><v>1E-3</v></c></row></sheetData></worksheet>
        """,
    ]

    /// - Parameter changed: parts that are otherwise than usual; nil for those that lack.
    private static func workbook(_ changed: [String: String?] = [:]) throws -> String {
        let parts = Self.parts.mapValues(String?.some).merging(changed) { $1 }.compactMapValues { $0 }
        let folder = FileManager.default.temporaryDirectory.appending(path: "workbook-\(UUID().uuidString)")
        for (name, text) in parts {
            let file = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let path = folder.path + ".xlsx"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c", "import shutil,sys; shutil.make_archive(sys.argv[1],'zip',sys.argv[2])", path, folder.path,
        ]
        try process.run()
        process.waitUntilExit()
        try FileManager.default.moveItem(atPath: path + ".zip", toPath: path)
        try FileManager.default.removeItem(at: folder)
        return path
    }

    @Test func `sheets are tables: shared and rich texts, days, times, flags, gaps`() async throws {
        let path = try Self.workbook()
        defer { unlink(path) }
        let sheets = try Workbook(path).sheets
        #expect(sheets.map { $0.name.split(separator: ": ").last } == ["People", "Sums & days"])
        #expect(
            try Self.records(sheets[0]) == [
                CSV.Record(line: 2, fields: ["name", "column 2", "staff"]),
                CSV.Record(line: 4, fields: ["Acme & Co", "", "5"]),
            ])
        #expect(
            try Self.records(sheets[1]).last?.fields
                == ["2021-01-01", "2021-01-01T18:00:00", "1.1", "true", "", "0.001"])
        let house = try await ImportHouse()
        let summary = try await house.run(table: sheets[0], RevertTests.plain)
        #expect(summary.accepted == 1 && summary.rejected == 0)
        #expect(try await house.record(Account.self, "Acme & Co")?["employee_count"] == 5)
    }

    private static func records(_ table: any ImportTable) throws -> [CSV.Record] {
        let rows = try table.rows()
        var records: [CSV.Record] = []
        while case .record(let record)? = try rows.next() { records.append(record) }
        return records
    }

    private static func sheet(_ rows: String) -> [String: String?] {
        ["xl/worksheets/sheet1.xml": "<worksheet><sheetData>\(rows)</sheetData></worksheet>"]
    }
    static let wrong: [(parts: [String: String?], says: String)] = [
        (sheet("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>3</v></c></row>"), "column 1 of row 1 of People names the text"),
        (sheet("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>-1</v></c></row>"), "names the text number -1"),
        (["xl/sharedStrings.xml": nil], "names the text number 0, and there is none"),
        (["xl/sharedStrings.xml": "<sst><si><t>name</t></si>"], "is damaged (xl/sharedStrings.xml, line 1)"),
        (["xl/sharedStrings.xml": ""], "is damaged (xl/sharedStrings.xml"),
        (["xl/styles.xml": "<styleSheet><cellXfs>"], "xl/styles.xml"),
        (sheet("<row r=\"1\"><c r=\"A1\"><v>1</v></c>"), "is damaged (xl/worksheets/sheet1.xml, line 1)"),
        (sheet("<row r=\"9223372036854775807\"/><row/>"), "no row 9223372036854775807"),
        (sheet("<row r=\"1048577\"/>"), "no row 1048577"),
        (sheet("<row r=\"1048576\"/><row/>"), "has no row"),
        (sheet("<row r=\"-1\"/>"), "no row -1"),
        (sheet("<row r=\"2\"/><row r=\"2\"/>"), "no row 2 behind row 2"),
        (sheet("<row r=\"1\"><c r=\"ZZZZZZZZZZZZZZZZZZZZZZZZZ1\"><v>1</v></c></row>"), "no cell ZZZZ"),
        (sheet("<row r=\"1\"><c r=\"XFE1\"><v>1</v></c></row>"), "no cell XFE1"),
        (sheet("<row r=\"1\"><c r=\"12\"><v>1</v></c></row>"), "no cell 12 in row 1"),
        (sheet("<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>"), "at most 1000 columns"),
        (sheet("<c r=\"A1\"><v>1</v></c>"), "cells in no row"),
        (sheet("<row><c><f>A2+1</f></c></row>"), "a formula, and nobody wrote down what comes of it"),
        (sheet("<row><c><f>A2+1</f><v></v></c></row>"), "a formula, and nobody wrote down what comes of it"),
        (["xl/worksheets/sheet1.xml": nil], "lacks xl/worksheets/sheet1.xml"),
        (["xl/_rels/workbook.xml.rels": "<Relationships/>"], "the sheet People is not in it"),
        (
            ["xl/sharedStrings.xml": "<!DOCTYPE s [<!ENTITY a \"aaaaaaaa\">]><sst><si><t>&a;</t></si></sst>"],
            "is no workbook of a spreadsheet (xl/sharedStrings.xml)"
        ),
    ]

    @Test(arguments: wrong.indices)
    func `what cannot be read is told, and nothing is left out or read as if it were nothing`(_ index: Int) throws {
        let wrong = Self.wrong[index]
        let path = try Self.workbook(wrong.parts)
        defer { unlink(path) }
        let unreadable = #expect(throws: CSV.Unreadable.self) { try Workbook(path) }
        #expect(unreadable?.detail.contains(wrong.says) == true, "\(unreadable?.detail ?? "")")
    }

    static let tasks = "mapping: t\nsource: test\nrecords:\n  - {entity: task, key: a, fields: {title: c, due_at: b}}\n"

    @Test(arguments: [("", "17:00"), ("times: UTC\n", "18:00"), ("times: Asia/Tokyo\n", "09:00")])
    func `a time without a zone is the organization's, unless the mapping says whose, in a sheet and in CSV`(
        _ times: String, _ hour: String
    ) async throws {
        let path = try Self.workbook()
        defer { unlink(path) }
        let house = try await ImportHouse(zone: "Europe/Oslo")
        let mapping = Self.tasks + times
        let summary = try await house.run(table: try Workbook(path).sheets[1], mapping)
        #expect(summary.accepted == 1, "\(summary.json)")
        let due = JSON.string("2021-01-01T\(hour):00.000000Z")
        #expect(try await house.record(WorkTask.self, "2021-01-01")?["due_at"] == due)
        let csv = try await house.run("a,b,c\n2021-01-01,2021-01-01 18:00:00,1.1\n", mapping)
        #expect(csv.unchanged == 1, "\(csv.json)")
    }

    @Test func `numbers that are no day are numbers, and an empty cell far away costs nothing`() throws {
        let path = try Self.workbook(
            Self.sheet(
                """
                <row r="1"><c r="A1" t="str"><v>when</v></c><c r="XFD1" s="1"/></row>
                <row r="2"><c r="A2" s="1"><v>1E300</v></c></row><row r="3"><c r="A3" s="2"><v>2958466</v></c></row>
                <row r="4"><c r="A4" s="2"><v>-5</v></c></row>
                <row r="5"><c r="A5" t="str"><f>""</f><v></v></c></row><row r="1048576"><c r="A1048576" s="1"><v>60</v></c></row>
                """))
        defer { unlink(path) }
        let records = try Self.records(try Workbook(path).sheets[0])
        #expect(records.map(\.line) == [1, 2, 3, 4, 1_048_576] && records.allSatisfy { $0.fields.count == 1 })
        #expect(records.dropFirst(2).map { $0.fields[0] } == ["2958466", "-5", "1900-02-28"])
        #expect(records[1].fields[0].hasPrefix("1"))
    }

    @Test func `an archive that unpacks to more than a workbook can be is refused before it is unpacked`() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "bomb-\(UUID().uuidString).xlsx").path
        defer { unlink(path) }
        let script = """
            import sys, zipfile
            with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:
                z.writestr('xl/workbook.xml', '<workbook><sheets><sheet name="A" id="a"/></sheets></workbook>')
                z.writestr('xl/_rels/workbook.xml.rels', '<r><Relationship Id="a" Target="s.xml"/></r>')
                with z.open('xl/s.xml', 'w') as part:
                    for _ in range(513): part.write(b' ' * (1 << 20))
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script, path]
        try process.run()
        process.waitUntilExit()
        let unreadable = #expect(throws: CSV.Unreadable.self) { try Workbook(path) }
        #expect(unreadable?.detail.hasSuffix("is too large; save it as CSV.") == true)
    }

    @Test func `what is no workbook is told`() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "no-\(UUID().uuidString).xlsx").path
        try Data("no".utf8).write(to: URL(fileURLWithPath: path))
        defer { unlink(path) }
        #expect(throws: CSV.Unreadable.self) { try Workbook(path) }
    }
}
