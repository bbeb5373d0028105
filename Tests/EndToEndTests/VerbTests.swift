import Foundation
import Testing

@Suite struct VerbTests {
    @Test func `a verb prints one JSON object`() async throws {
        let outcome = try await Program.run(["version", "--format", "json"])
        #expect(outcome.code == 0)
        #expect(outcome.object["version"] is String)
    }

    @Test func `a wrong use fails with 1 and a sentence`() async throws {
        let outcome = try await Program.run(["start", "--no-such-flag"])
        #expect(outcome.code == 1)
        #expect(outcome.output.isEmpty)
        #expect(outcome.talk.contains("--no-such-flag"))
    }

    @Test func `help is printed and is no failure`() async throws {
        let outcome = try await Program.run(["--help"])
        #expect(outcome.code == 0)
        #expect(outcome.output.contains("USAGE: daybook"))
    }

    @Test func `a flag beats the environment and that beats the file`() async throws {
        let house = try House()
        let file = house.folder + "/daybook.yaml"
        try "database-url: postgresql://file/d\n".write(toFile: file, atomically: true, encoding: .utf8)
        let url = ["database", "url"]
        #expect(try await house.run(url).output == "postgresql://file/d\n")
        let environment = ["DAYBOOK_DATABASE_URL": "postgresql://environment/d"]
        #expect(try await house.run(url, environment: environment).output == "postgresql://environment/d\n")
        let flag = url + ["--database-url", "postgresql://flag/d"]
        #expect(try await house.run(flag, environment: environment).output == "postgresql://flag/d\n")
        await house.leave()
    }

    @Test func `a key that the configuration file may not have is refused`() async throws {
        let house = try House()
        try "prot: 1\n".write(toFile: house.folder + "/daybook.yaml", atomically: true, encoding: .utf8)
        let outcome = try await house.run(["database", "url"])
        #expect(outcome.code == 3)
        #expect(outcome.talk.contains("prot is not understood"))
        await house.leave()
    }

    @Test func `the database's URL names a role`() async throws {
        let outcome = try await Program.run(["database", "url", "--data", "/tmp/nowhere", "--role", "auditor"])
        #expect(outcome.output.contains("host=/tmp/nowhere/postgres/socket"))
        #expect(outcome.output.hasSuffix("options=-c%20role%3Ddaybook_auditor\n"))
    }

    @Test(arguments: [["--data", "/tmp/nowhere"], ["--data=/tmp/nowhere"]])
    func `flags that all verbs have may stand before the verb`(flags: [String]) async throws {
        let outcome = try await Program.run(flags + ["database", "url", "--role", "auditor"])
        #expect(outcome.output.contains("host=/tmp/nowhere/postgres/socket"))
        let version = try await Program.run(["--format", "json", "version"])
        #expect(version.object["version"] is String)
    }

    @Test func `a database that is not there is the environment's fault`() async throws {
        let house = try House()
        let url = "postgresql://nobody@127.0.0.1:9/none?connect_timeout=1"
        let outcome = try await house.run(["start", "--port", "0", "--database-url", url])
        #expect(outcome.code == 3)
        #expect(outcome.talk.contains("database"))
        await house.leave()
    }

    @Test func `a verb without data says how to begin`() async throws {
        let outcome = try await Program.run(
            [
                "organization", "create", "--name", "A", "--email", "a@example.com", "--data",
                "/tmp/daybook-nothing-here",
            ])
        #expect(outcome.code == 3)
        #expect(outcome.talk.contains("tools/start"))
    }
}
