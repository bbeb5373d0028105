import Application
import Foundation
import HTTPTypes
import Kernel
import Logging
import Testing

@testable import API

/// What the server tells about itself, and what it must not tell.
@Suite(.serialized) struct ObservationTests {
    private static let routes = [
        Route(
            .post, "/things/{id}", "Make.", parameters: .only([.init(name: "q", detail: "")]),
            body: .members([Field("name", .text(20))], optional: false),
            handler: .known { _, _ throws(Problem) in Outcome([:]) }),
        Route(
            .get, "/broken", "Broken.",
            handler: .open { _ throws(Problem) in throw Problem("internal.fault", 500, "Something failed.") }),
    ]

    @Test func `a request leaves one line of JSON, by its pattern and without what is in it`() async throws {
        let lines = Lines()
        try await serving(Self.routes, lines: lines) { port in
            let wire = try Wire(port: port)
            let headers = [
                ("Authorization", "Bearer secret-token"), ("X-Request-Id", "r1"), ("User-Agent", "secret-agent"),
            ]
            await wire.send(
                Call("POST", "/things/secret-id?q=secret-query", headers, json: "{\"name\":\"secret-name\"}").bytes)
            #expect(try await wire.receive().status == 200)
            await wire.send(Call("GET", "/broken", [("X-Request-Id", "r2")]).bytes)
            #expect(try await wire.receive().status == 500)
        }
        #expect(!lines.all.contains { $0.contains("secret") })
        let parsed = try lines.all.map { try JSON(parsing: $0) }
        let line = try #require(parsed.first { $0["request_id"] == "r1" })
        #expect(line["route"] == "/things/{id}")
        #expect(line["method"] == "POST")
        #expect(line["status"] == 200)
        #expect(line["level"] == "info")
        #expect(line["organization"]?.string.flatMap(UUID.init(uuidString:)) != nil)
        #expect(line["time"]?.string.flatMap { Instant($0) } != nil)
        #expect(line["ms"] != nil)
        let broken = try #require(parsed.first { $0["request_id"] == "r2" })
        #expect(broken["level"] == "error")
        #expect(broken["code"] == "internal.fault")
        #expect(parsed.contains { $0["message"] == "serving" })
        #expect(parsed.contains { $0["message"] == "stopping" })
    }

    @Test func `an answer that breaks off leaves a line that says why, besides that of its request`() async throws {
        let pieces = Route(
            .get, "/pieces", "In pieces.",
            handler: .open { _ throws(Problem) in
                var outcome = Outcome(body: [])
                outcome.pieces = { send in
                    try await send(Array("begun".utf8))
                    throw Problem("database.unavailable", 503, "The database does not answer.")
                }
                return outcome
            })
        let lines = Lines()
        try await serving([pieces], lines: lines) { port in
            let wire = try Wire(port: port)
            await wire.send(Call("GET", "/pieces", [("X-Request-Id", "r1")]).bytes)
            await #expect(throws: Wire.Closed.self) { try await wire.receive() }
        }
        let told = try lines.all.map { try JSON(parsing: $0) }.filter { $0["request_id"] == "r1" }
        #expect(told.contains { $0["message"] == "request" && $0["status"] == 200 }, "\(lines.all)")
        let line = try #require(told.first { $0["message"] == "broken off" }, "\(lines.all)")
        #expect(line["code"] == "database.unavailable" && line["route"] == "/pieces" && line["level"] == "warning")
    }

    @Test func `metrics count requests by pattern and status, and no client can invent a series`() async throws {
        let metrics = Metrics()
        try await serving(Self.routes, metrics: metrics) { port in
            let wire = try Wire(port: port)
            for call in [
                Call("GET", "/broken"), Call("GET", "/a"), Call("GET", "/b?x=1"), Call("PROPFIND", "/broken"),
                Call("PROPPATCH", "/broken"),
            ] {
                await wire.send(call.bytes)
                _ = try await wire.receive()
            }
        }
        let text = String(decoding: metrics.exposition(), as: UTF8.self)
        #expect(text.contains("# TYPE daybook_http_requests_total counter\n"))
        #expect(text.contains("daybook_http_requests_total{method=\"GET\",route=\"/broken\",status=\"500\"} 1\n"))
        #expect(text.contains("daybook_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 2\n"))
        #expect(text.contains("daybook_http_requests_total{method=\"other\",route=\"/broken\",status=\"405\"} 2\n"))
        #expect(text.contains("daybook_http_request_duration_seconds_bucket{route=\"/broken\",le=\"+Inf\"} 3\n"))
        #expect(text.contains("daybook_http_request_duration_seconds_count{route=\"/broken\"} 3\n"))
    }

    @Test func `a log whose head is refused a signature makes the server unwell, and it serves on`() {
        for (refused, status) in [(0, "ok"), (1, "degraded")] {
            let vitals = Vitals(database: true, projections: [], queued: nil, refusedHeads: refused, version: "test")
            #expect(vitals.status == status && vitals.isServing)
            #expect(vitals.json["refused_heads"] == .integer(Int64(refused)))
        }
    }

    @Test func `a line holds what would break it as an escape`() throws {
        let lines = Lines()
        var handler = JSONLogHandler(label: "x", output: .function { lines.take($0) })
        handler[metadataKey: "a"] = "one\ntwo\"\u{1}"
        handler.log(
            event: LogEvent(
                level: .info, message: "m", error: nil, metadata: ["n": .stringConvertible(3)], source: "", file: "",
                function: "",
                line: 1))
        let line = try #require(lines.all.first)
        #expect(line.filter { $0 == "\n" }.count == 1)
        let parsed = try JSON(parsing: line)
        #expect(parsed["a"] == "one\ntwo\"\u{1}")
        #expect(parsed["n"] == 3)
    }
}
