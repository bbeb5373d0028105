import Foundation
import Glibc
import Postgres
import PostgresTesting
import Testing

/// Two persons, one who is dealt with and one who works here, with a mark in everything that is personal of them.
private struct Marked {
    static let mark = "qzxvk"
    static let phone = "+302107391846"
    static let mobile = "+302108264917"
    /// What files may not hold: as UTF-8, as UTF-16 (without its last byte, so that either order is found), and as JSON
    /// escapes it.
    static let forms: [[UInt8]] =
        [mark, String(phone.dropFirst()), String(mobile.dropFirst()), "qz\u{EB}xvk"].flatMap { text in
            [Array(text.utf8), text.utf16.flatMap { [UInt8($0), 0] }.dropLast()]
        } + [#"qz\u00ebxvk"#, #"qz\u00EBxvk"#].map { Array($0.utf8) }

    /// Whether one of the forms is in these bytes.
    static func isIn(_ bytes: UnsafeRawBufferPointer) -> Bool {
        forms.contains { form in
            var rest = bytes
            while let start = rest.baseAddress, rest.count >= form.count,
                let found = memchr(start, Int32(form[0]), rest.count - form.count + 1)
            {
                if memcmp(found, form, form.count) == 0 { return true }
                rest = UnsafeRawBufferPointer(rebasing: rest[(UnsafeRawPointer(found) - start + 1)...])
            }
            return false
        }
    }

    static let agent = "Agent-\(mark)/1.0"
    // Never changed, and what is in it is text.
    nonisolated(unsafe) static let contact: [String: Any] = [
        "first_name": "Ann \(mark)", "last_name": "qz\u{EB}xvk", "title": "Chief \(mark)", "department": "D\(mark)",
        "phone": phone, "mobile": mobile, "website": "https://\(mark).example", "email": "\(mark)@example.org",
        "social_profiles": ["forum": "https://forum.example/\(mark)"], "preferences": ["drink": "tea \(mark)"],
        "description": "Says of herself: \(mark), \"qz\u{EB}xvk\".", "custom": ["shoe": "Shoe \(mark)"],
    ]

    let contact: String
    let member: String

    /// Makes both, by the API alone.
    init(_ client: Client) async throws {
        #expect(
            try await client.post(
                "/api/v1/fields", ["entity": "contact", "key": "shoe", "label": "Shoe", "type": "text"]
            ).status == 201)
        member = try await client.post(
            "/api/v1/members",
            [
                "name": "Mem \(Self.mark)", "email": "mem-\(Self.mark)@example.org", "role": "member",
                "phone": Self.phone,
            ]
        ).id
        let password = "pass-\(Self.mark)-word"
        #expect(try await client.put("/api/v1/members/\(member)/password", ["password": password]).status == 200)
        let login = try await client.post(
            "/api/v1/auth/login", ["email": "mem-\(Self.mark)@example.org", "password": password])
        let own = Client(url: client.url, token: login.object["token"] as? String ?? "")
        let created = try await own.post("/api/v1/contacts", Self.contact, headers: ["User-Agent": Self.agent])
        #expect(created.status == 201)
        contact = created.id
        for n in 0..<5 {
            let edited = try await own.patch(
                "/api/v1/contacts/\(contact)", ["title": "Chief \(n) \(Self.mark)"], headers: ["User-Agent": Self.agent]
            )
            #expect(edited.status == 200)
        }
    }

    /// Lets everything look at them.
    func beLookedAt(_ client: Client) async throws {
        for path in [
            "/api/v1/contacts?sort=last_name,-created_at&total=exact",
            "/api/v1/contacts?email=\(Self.mark)@example.org",
            "/api/v1/contacts/\(contact)", "/api/v1/contacts/\(contact)/history", "/api/v1/members",
            "/api/v1/reports/deals?measure=count&by=owner", "/api/v1/reports/overview",
        ] {
            let answer = try await client.get(path)
            #expect(answer.status == 200 || answer.status == 400, "\(path): \(answer.status)")
        }
    }
}

@Suite struct ErasureTests {
    /// The files below a folder that hold one of the forms. Sockets and what goes meanwhile are passed over.
    private func files(of folder: String) -> [String] {
        let all = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return all.filter { name in
            guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"), options: .alwaysMapped)
            else { return false }
            return bytes.withUnsafeBytes(Marked.isIn)
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `after erasing and scrubbing no file holds anything of a person`() async throws {
        let house = try House()
        let (server, client) = try await house.serve(["--empty"])
        let marked = try await Marked(client)
        try await marked.beLookedAt(client)
        // A checkpoint may take what the WAL holds by now away, and writes what the tables hold.
        let written = files(of: house.folder)
        #expect(try await house.run(["projections", "rebuild", "--all"]).code == 0)
        try await marked.beLookedAt(client)
        try await house.superuser("CHECKPOINT")
        try await house.superuser("ANALYZE")
        let before = files(of: house.folder)
        // Else the search would prove nothing.
        #expect(before.contains { $0.contains("/base/") }, "\(before)")
        #expect(written.contains { $0.contains("/pg_wal/") }, "\(written)")
        #expect(!before.contains { $0.contains("/log") }, "\(before)")

        for person in [marked.contact, marked.member] {
            let early = try await house.run(["person", "scrub", person])
            #expect(early.code == 1 && early.talk.contains("not erased"), "\(early.talk)")
            let erased = try await house.run(["person", "erase", person])
            #expect(erased.code == 0, "\(erased.talk)")
        }
        let scrubbed = try await house.run(["person", "scrub", marked.contact, "--format", "json"])
        #expect(scrubbed.code == 0, "\(scrubbed.output) \(scrubbed.talk)")
        let export = house.folder + "/export"
        #expect(try await house.run(["audit", "export", "--out", export]).code == 0)
        #expect(files(of: house.folder) == [])
        #expect(!Array((server.output + server.talk).utf8).withUnsafeBytes(Marked.isIn))

        #expect(try await house.run(["projections", "verify", "--all"]).code == 0)
        #expect(try await house.run(["audit", "verify"]).code == 0)
        #expect(try await house.run(["audit", "verify", "--offline", export]).code == 0)
        let edit = try await client.patch("/api/v1/contacts/\(marked.contact)", ["title": "x"])
        #expect(edit.object["code"] as? String == "person.erased")
        let shown = try await client.get("/api/v1/contacts/\(marked.contact)")
        #expect(shown.object["last_name"] == nil || shown.object["last_name"] is NSNull)
        // The address is free again.
        #expect(try await client.post("/api/v1/contacts", Marked.contact).status == 201)
        await house.leave(server)
    }
}

extension House {
    /// Runs SQL as the cluster's superuser.
    fileprivate func superuser(_ sql: String) async throws {
        let url = try await run(["database", "url"]).output.replacing("user=daybook", with: "user=postgres")
        let pool = BlockingPool(
            ConnectionSettings(url: String(url.prefix { $0 != "\n" })), size: 1, name: "test", log: quiet)
        try await pool.run { try $0.execute(sql) }
        await pool.close()
    }
}
