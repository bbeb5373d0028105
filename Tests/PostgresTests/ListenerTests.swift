import Postgres
import PostgresTesting
import Testing

@Suite struct ListenerTests {
    @Test(.timeLimit(.minutes(1)))
    func `what is notified is heard, on the channels that were named`() async throws {
        let database = try await TestCluster.shared.database(migrated: false)
        let listener = Listener(database.settings(), channels: ["events", #"odd "name""#], log: quiet)
        let connection = PipelinedConnection(database.settings(), log: quiet)
        var heard: [Notification] = []
        for await notification in listener.notifications {
            heard.append(notification)
            if notification == .reconnected {
                for channel in ["silent", "events", #"odd "name""#] {
                    _ = try await connection.query(
                        Statement("SELECT pg_notify($1, 'p')") { $0.text(channel) })
                }
            }
            if heard.count == 3 { break }
        }
        #expect(
            heard == [
                .reconnected, .message(channel: "events", payload: "p"),
                .message(channel: #"odd "name""#, payload: "p"),
            ])
        await listener.close()
        await connection.close()
    }

    @Test(.timeLimit(.minutes(1)))
    func `after a lost connection it says so and listens again`() async throws {
        let database = try await TestCluster.shared.database(migrated: false)
        let listener = Listener(database.settings(), channels: ["c"], name: "to be ended", log: quiet)
        let connection = PipelinedConnection(database.superuser, log: quiet)
        var heard: [Notification] = []
        for await notification in listener.notifications {
            heard.append(notification)
            if heard == [.reconnected] {
                _ = try await connection.query(
                    Statement(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE application_name = 'to be ended' AND datname = current_database()
                        """))
            } else if notification == .reconnected {
                _ = try await connection.query(Statement("NOTIFY c, 'again'"))
            } else {
                break
            }
        }
        #expect(heard == [.reconnected, .reconnected, .message(channel: "c", payload: "again")])
        await listener.close()
        await connection.close()
    }

    @Test(.timeLimit(.minutes(1)))
    func `closing ends the stream`() async throws {
        let database = try await TestCluster.shared.database(migrated: false)
        let listener = Listener(database.settings(), channels: ["c"], log: quiet)
        await listener.close()
        for await _ in listener.notifications {}
    }
}
