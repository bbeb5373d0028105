import Testing
import Vault

@Suite struct SecretTests {
    @Test func `a password is known again and no other is`() async throws {
        let hasher = PasswordHasher()
        let stored = try await hasher.hash("correct horse")
        #expect(stored.hasPrefix("$argon2id$v=19$m=65536,t=2,p=1$"))
        #expect(try await hasher.verify("correct horse", against: stored))
        #expect(try await !hasher.verify("correct horse ", against: stored))
        #expect(try await !hasher.verify("", against: stored))
        #expect(try await hasher.hash("correct horse") != stored)
        #expect(!PasswordHasher.isOutdated(stored))
        #expect(PasswordHasher.isOutdated(stored.replacing("t=2", with: "t=1")))
    }
    @Test func `the password of nobody is never right and takes as long`() async throws {
        let hasher = PasswordHasher()
        let stored = try await hasher.hash("x")
        _ = try await hasher.verify("x", against: nil)  // makes the decoy
        // The quickest of a few: any one may have been held up by something else.
        func quickest(_ isRight: Bool, against stored: String?) async throws -> Duration {
            var quickest = Duration.seconds(60)
            for _ in 0..<3 {
                let took = try await ContinuousClock().measure {
                    let isKnown = try await hasher.verify("x", against: stored)
                    #expect(isKnown == isRight)
                }
                quickest = min(quickest, took)
            }
            return quickest
        }
        let (nobody, somebody) = (try await quickest(false, against: nil), try await quickest(true, against: stored))
        #expect(nobody > somebody / 4)
    }
    @Test func `an empty password and nonsense in place of a hash are only wrong`() async throws {
        let hasher = PasswordHasher()
        let stored = try await hasher.hash("")
        #expect(try await hasher.verify("", against: stored))
        #expect(try await !hasher.verify("", against: "nonsense"))
    }
    @Test func `more than may wait are told so, and those that wait get their turn`() async throws {
        let hasher = PasswordHasher(concurrent: 1, waiting: 2)
        let outcomes = await withTaskGroup(of: PasswordError?.self, returning: [PasswordError?].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    do throws(PasswordError) {
                        _ = try await hasher.hash("x")
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            var all: [PasswordError?] = []
            for await one in group { all.append(one) }
            return all
        }
        #expect(outcomes.contains(.overloaded))
        #expect(outcomes.count(where: { $0 == nil }) >= 3)
        #expect(try await !hasher.hash("x").isEmpty)
    }
    @Test func `who gives up waiting gives up the place`() async throws {
        // Nobody ever has a turn here, so only cancellation ends the wait.
        let hasher = PasswordHasher(concurrent: 0, waiting: 1)
        for _ in 0..<3 {
            let waiting = Task { try await hasher.hash("x") }
            try await Task.sleep(for: .milliseconds(5))
            waiting.cancel()
            await #expect(throws: PasswordError.cancelled) { try await waiting.value }
        }
    }
    @Test func `tokens differ, are 256 bits of base64url, and are found by their digest`() {
        let tokens = (0..<100).map { _ in Token() }
        #expect(Set(tokens.map(\.text)).count == 100)
        for token in tokens {
            #expect(token.text.utf8.count == 43)
            #expect(Token.digest(of: token.text) == token.digest)
            #expect(token.digest == SHA256.hash(Array(token.text.utf8)))
        }
    }
    @Test(arguments: ["", "short", String(repeating: "a", count: 44), String(repeating: "+", count: 43)])
    func `what cannot be a token is not looked for`(text: String) {
        #expect(Token.digest(of: text) == nil)
    }
    @Test func `random bytes are as many as asked and not the same twice`() {
        #expect(Random.bytes(0).isEmpty)
        #expect(Random.bytes(33).count == 33)
        #expect(Random.bytes(16) != Random.bytes(16))
        #expect(Random.words() != Random.words())
    }
}
