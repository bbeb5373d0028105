import EventLog
import FoundationEssentials
import Kernel
import Postgres
import PostgresTesting
import Testing

@Suite struct AppenderTests {
    @Test func `thirty-two callers get positions without a hole, in few transactions`() async throws {
        let world = try await World()
        let appender = world.appender()
        let organization = id()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<32 {
                group.addTask { for _ in 0..<40 { _ = try await appender.append(opening(organization)) } }
            }
            for try await _ in group {}
        }
        await appender.close()
        #expect(try await world.reader.head(organization).position == 1280)
        let holes = "SELECT count(*) FROM log.event"
        #expect(try await world.number(holes) == 1280)
        let transactions = try await world.number("SELECT count(DISTINCT xmin::text) FROM log.event")
        #expect(transactions <= 1280 / 8)
    }
}
