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

    private static func workbook() throws -> String {
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
            sheets[0].records == [
                CSV.Record(line: 2, fields: ["name", "column 2", "staff"]),
                CSV.Record(line: 4, fields: ["Acme & Co", "", "5"]),
            ])
        #expect(
            sheets[1].records.last?.fields
                == ["2021-01-01", "2021-01-01T18:00:00Z", "1.1", "true", "", "0.001"])
        let house = try await ImportHouse()
        let summary = try await house.run(table: sheets[0], RevertTests.plain)
        #expect(summary.accepted == 1 && summary.rejected == 0)
        #expect(try await house.record(Account.self, "Acme & Co")?["employee_count"] == 5)
    }

    @Test func `what is no workbook is told`() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "no-\(UUID().uuidString).xlsx").path
        try Data("no".utf8).write(to: URL(fileURLWithPath: path))
        defer { unlink(path) }
        #expect(throws: CSV.Unreadable.self) { try Workbook(path) }
    }
}
