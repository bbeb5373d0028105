import Foundation
import Kernel
import Mail
import Testing

/// Messages of other mail programs, right and wrong ones, read here and by the mail package of Python.
@Suite struct SharedMessagesTests {
    private static let folder: String? = {
        let environment = ProcessInfo.processInfo.environment["DAYBOOK_SHARED"]
        let beside = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let folder = (environment ?? beside.appending(path: "shared").path) + "/data/email"
        return FileManager.default.fileExists(atPath: folder + "/basic_email.eml") ? folder : nil
    }()

    private static func message(_ name: String) throws -> EmailMessage {
        let folder = try #require(folder)
        return try EmailMessage(reading: Array(try Data(contentsOf: URL(filePath: "\(folder)/\(name).eml"))))
    }
    private static var names: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: try #require(folder))
                .filter { $0.hasSuffix(".eml") }.map { String($0.dropLast(4)) }.sorted()
        }
    }

    /// What Python reads of each file; null where it gives up.
    private static let script = """
        import email, email.policy, glob, json, os, sys
        def tried(read):
            try: return read()
            except Exception: return None
        found = {}
        for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.eml"))):
            m = email.message_from_bytes(open(path, "rb").read(), policy=email.policy.default)
            body = tried(lambda: m.get_body(("plain",)))
            found[os.path.basename(path)[:-4]] = {
                "id": tried(lambda: m["message-id"].strip().strip("<>")),
                "subject": tried(lambda: " ".join(m["subject"].split())),
                "from": tried(lambda: [a.addr_spec for a in m["from"].addresses]),
                "to": tried(lambda: [a.addr_spec for a in m["to"].addresses]),
                "date": tried(lambda: int(m["date"].datetime.timestamp())),
                "text": tried(lambda: body.get_content().split()),
                "files": tried(lambda: [len(p.get_payload(decode=True)) for p in m.iter_attachments()]),
            }
        print(json.dumps(found))
        """

    /// Where we read what Python does not: by file, the members.
    private static let beyond: [String: Set<String>] = [
        // A stray line within the header: Python takes all that follows for the body.
        "example13": ["id", "subject", "from", "to", "date", "text"],
        "raw_email_incorrect_header": ["id", "subject", "from", "to", "date", "text"],
        // Python makes one address of all the words.
        "mix_caps_content_type": ["from"],
        // Two addresses without a comma: Python takes the first.
        "raw_email_multiple_from": ["from", "to"],
        // A boundary that is longer in the header than in the body.
        "raw_email_bad_time": ["text"],
        // A name that looks like an address: Python takes it for one.
        "raw_email_with_at_display_name": ["to"],
        // A charset that nobody knows; letters beyond ASCII in a text that is said to be ASCII.
        "raw_email10": ["text"], "raw_email5": ["text"], "raw_email6": ["text"],
    ]

    @Test(.enabled(if: folder != nil, "the shared data are not here; set DAYBOOK_SHARED"))
    func `what Python reads of them is read here, and more`() throws {
        let python = Process()
        python.executableURL = URL(filePath: "/usr/bin/env")
        python.arguments = ["python3", "-c", Self.script, try #require(Self.folder)]
        let pipe = Pipe()
        python.standardOutput = pipe
        try python.run()
        let said = try JSON(parsing: Array(try pipe.fileHandleForReading.readToEnd() ?? Data()))
        python.waitUntilExit()
        try #require(python.terminationStatus == 0, "python3 is among the packages that tests need")

        let names = try Self.names
        #expect(names.count == 34)
        for name in names {
            let theirs = try #require(said[name])
            let ours = Self.told(try Self.message(name))
            for (member, value) in theirs.object ?? [:] where value != .null {
                if Self.beyond[name]?.contains(member) == true {
                    #expect(ours[member] != nil && ours[member] != value, "\(name): \(member)")
                } else {
                    #expect(ours[member] == value, "\(name): \(member)")
                }
            }
        }
    }

    /// A message in the words of the script.
    private static func told(_ message: EmailMessage) -> [String: JSON] {
        func words(_ text: String) -> [String] { text.split(whereSeparator: \.isWhitespace).map(String.init) }
        var told: [String: JSON] = [
            "from": .array(message.from.map { .string($0.address) }),
            "to": .array(message.to.map { .string($0.address) }),
            "files": .array(message.parts.map { .integer(Int64($0.bytes.count)) }),
        ]
        told["id"] = message.messageID.map { .string($0) }
        told["subject"] = message.subject.map { .string(words($0).joined(separator: " ")) }
        told["date"] = message.date.map { .integer($0.instant.microseconds / 1_000_000) }
        told["text"] = message.text.map { .array(words($0).map { .string($0) }) }
        return told
    }

    @Test(.enabled(if: folder != nil, "the shared data are not here; set DAYBOOK_SHARED"))
    func `what is broken in them is said, and the rest is read`() throws {
        let stray = try Self.message("raw_email_incorrect_header")
        #expect(stray.subject == "Stop adware/spyware once and for all.")
        #expect(stray.from.first?.name == "xxx xxx" && stray.warnings.map(\.code) == [.headerUnreadable])
        let comments = try Self.message("example13")
        #expect(comments.from.first?.address == "jdoe@machine.example")
        #expect(comments.warnings.map(\.code).contains(.headerUnreadable))
        let unclear = try Self.message("mix_caps_content_type")
        #expect(unclear.from.map(\.address) == ["bb@bug.com"] && unclear.from.first?.name == "Big Bug")
        #expect(unclear.warnings.map(\.code) == [.addressUnreadable])
        let dateless = try Self.message("raw_email_with_bad_date")
        #expect(dateless.date == nil && dateless.warnings.map(\.code) == [.dateUnreadable])
        let late = try Self.message("raw_email_bad_time")
        #expect(late.date?.instant.text == "3609-06-30T09:33:50.000000Z" && late.date?.offset == 360)
        #expect(late.html != nil && late.text?.contains("scanned for viruses") == true)
        let korean = try Self.message("raw_email")
        #expect(korean.text?.hasPrefix("대부분의 마찬가지로") == true && korean.warnings == [])
        #expect(korean.subject == "NOTE: 한국말로 하는 것")
        let unknown = try Self.message("raw_email10")
        #expect(unknown.text?.hasPrefix("Test test.") == true)
        #expect(unknown.warnings.map(\.code).contains(.charsetUnknown))
        let group = try Self.message("example04")
        #expect(group.to.map(\.address) == ["c@a.test", "joe@where.test", "jdoe@one.test"])
        #expect(group.cc == [] && group.warnings == [])
        let song = try Self.message("raw_email8")
        #expect(song.parts.map(\.type) == ["application/octet-stream"])
        #expect(song.parts.first?.name?.hasSuffix("Pitbull.mp3") == true)
    }
}
