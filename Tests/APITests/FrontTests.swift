import Application
import HTTPTypes
import Kernel
import NIOCore
import Synchronization
import Testing

@testable import API

/// What every request meets before and after its route's own work.
@Suite(.serialized) struct FrontTests {
    private static let anything = Field("anything", .text(10))
    private static let routes = [
        Route(.get, "/open", "Open.", handler: .open { _ throws(Problem) in Outcome(["well": true]) }),
        Route(
            .get, "/things/{id}", "One.", parameters: .only([.init(name: "a", detail: "")]),
            handler: .known { exchange, _ throws(Problem) in
                Outcome(["id": .string(exchange.captured["id"] ?? ""), "a": .string(exchange.query.first?.value ?? "")])
            }),
        Route(.get, "/things/special", "Static.", handler: .open { _ throws(Problem) in Outcome(["special": true]) }),
        Route(
            .post, "/things", "Make.", body: .members([anything], optional: false),
            handler: .known { exchange, _ throws(Problem) in
                var outcome = Outcome(
                    status: 201, exchange.body, position: PositionToken(position: 7, hash: [0, 1, 2, 3, 4, 5, 6, 255]))
                (outcome.version, outcome.location) = (3, "/things/1")
                return outcome
            }),
        Route(
            .post, "/large", "Much.", body: .document(["type": "object"], limit: Limits.rows),
            handler: .open { exchange throws(Problem) in
                Outcome(["bytes": .integer(Int64(exchange.bytes.count))])
            }),
        Route(
            .get, "/slow", "Slow.",
            handler: .open { _ throws(Problem) in
                try? await Task.sleep(for: .seconds(60))
                return .nothing
            }),
        Route(.get, "/broken", "Broken.", handler: .open { _ throws(Problem) in throw .fault }),
    ]
    private let token = ("Authorization", "Bearer abc")

    private func ask(_ ask: Call, _ check: (Wire.Answer) throws -> Void) async throws {
        try await serving(Self.routes) { port in
            let wire = try Wire(port: port)
            await wire.send(ask.bytes)
            try check(try await wire.receive())
        }
    }

    @Test(arguments: [
        (Call("GET", "/nowhere"), 404, "route_not_found"),
        (Call("GET", "/things/"), 405, "method_not_allowed"),
        (Call("GET", "/things//special"), 404, "route_not_found"),
        (Call("DELETE", "/things/1"), 405, "method_not_allowed"),
        (Call("PROPFIND", "/open"), 405, "method_not_allowed"),
        (Call("GET", "/things/%zz"), 404, "route_not_found"),
        (Call("GET", "/things/1"), 401, "auth.required"),
        (Call("GET", "/things/1", [("Authorization", "Bearer ab")]), 401, "auth.required"),
        (Call("GET", "/things/1", [("Authorization", "Basic abcd")]), 401, "auth.required"),
        (
            Call("GET", "/things/1", [("Authorization", "Bearer abcd"), ("Authorization", "Bearer abcd")]), 401,
            "auth.required"
        ),
        (Call("GET", "/open?a=1"), 400, "parameter.unknown"),
        (Call("GET", "/things/1?b=1", [("Authorization", "Bearer abc")]), 400, "parameter.unknown"),
        (Call("GET", "/things/1?a=1&a=2", [("Authorization", "Bearer abc")]), 400, "parameter.invalid"),
        (Call("GET", "/things/1?a=%ff", [("Authorization", "Bearer abc")]), 400, "parameter.malformed"),
        (Call("GET", "/things/1?a=%0", [("Authorization", "Bearer abc")]), 400, "parameter.malformed"),
        (Call("GET", "/open", [("If-Match", "3")]), 400, "if_match.malformed"),
        (Call("GET", "/open", [("If-Match", "W/\"3\"")]), 400, "if_match.malformed"),
        (Call("GET", "/open", [("If-Match", "\"3\", \"4\"")]), 400, "if_match.malformed"),
        (Call("GET", "/open", [("Idempotency-Key", "")]), 400, "idempotency.key_malformed"),
        (Call("GET", "/open", [("Idempotency-Key", "a b")]), 400, "idempotency.key_malformed"),
        (
            Call("GET", "/open", [("Idempotency-Key", String(repeating: "k", count: 201))]), 400,
            "idempotency.key_malformed"
        ),
        (Call("GET", "/open", [("Daybook-Min-Position", "x")]), 400, "min_position.malformed"),
        (Call("GET", "/open", [("Daybook-Min-Position", "1-00")]), 400, "min_position.malformed"),
        (Call("GET", "/open", [("Content-Type", "text/plain")], Array("x".utf8)), 400, "body.unexpected"),
        (Call("POST", "/things", [("Authorization", "Bearer abc")], Array("{}".utf8)), 415, "body.not_json"),
        (
            Call(
                "POST", "/things", [("Authorization", "Bearer abc"), ("Content-Type", "text/json")], Array("{}".utf8)),
            415, "body.not_json"
        ),
        (
            Call(
                "POST", "/things",
                [("Authorization", "Bearer abc"), ("Content-Type", "application/json; charset=latin1")],
                Array("{}".utf8)), 415, "body.not_json"
        ),
        (
            Call("POST", "/things", [("Authorization", "Bearer abc"), ("Content-Encoding", "gzip")], json: "{}"), 415,
            "body.encoded"
        ),
        (Call("POST", "/things", [("Authorization", "Bearer abc")], json: "{\"a\":1,\"a\":2}"), 400, "json.malformed"),
        (
            Call("POST", "/things", [("Authorization", "Bearer abc")], json: String(repeating: "[", count: 40)), 400,
            "json.malformed"
        ),
        (Call("POST", "/things", [("Authorization", "Bearer abc")]), 400, "json.malformed"),
        (Call("GET", "/broken"), 500, "internal.fault"),
    ])
    func `what is not understood is refused with a whole problem`(ask request: Call, status: Int, code: String)
        async throws
    {
        try await ask(request) { answer in
            #expect(answer.status == status)
            #expect(answer.json["code"] == .string(code))
            #expect(answer["content-type"] == "application/problem+json")
            #expect(answer.json["status"] == .integer(Int64(status)))
            #expect(answer.json["request_id"]?.string == answer["x-request-id"])
            for member in ["type", "title", "detail"] { #expect(answer.json[member]?.string?.isEmpty == false) }
            #expect(answer.json["errors"]?.array != nil)
            if status == 405 { #expect(answer["allow"]?.isEmpty == false) }
            if status == 401 { #expect(answer["www-authenticate"]?.hasPrefix("Bearer") == true) }
        }
    }

    @Test func `a written segment wins over a captured one`() async throws {
        try await ask(Call("GET", "/things/special")) { #expect($0.json == ["special": true]) }
        try await ask(Call("GET", "/things/a%20b?a=x+y%2B", [token])) {
            #expect($0.json == ["id": "a b", "a": "x y+"])
        }
    }

    @Test func `an answer carries its version, its place in the log and where to find it`() async throws {
        try await ask(Call("POST", "/things", [token, ("X-Request-Id", "my-id_1")], json: "{\"anything\":\"ü\"}")) {
            answer in
            #expect(answer.status == 201)
            #expect(answer["etag"] == "\"3\"")
            #expect(answer["location"] == "/things/1")
            #expect(answer["daybook-position"] == "7-00010203040506ff")
            #expect(answer["x-request-id"] == "my-id_1")
            #expect(answer["cache-control"] == "no-store")
            #expect(answer.json == ["anything": "ü"])
        }
    }

    @Test func `a request id that could forge a log line is replaced, a trace goes on`() async throws {
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        try await ask(Call("GET", "/open", [("X-Request-Id", "a b"), ("traceparent", trace)])) { answer in
            #expect(answer["x-request-id"]?.count == 32)
            #expect(answer["traceparent"] == trace)
        }
        try await ask(Call("GET", "/open", [("traceparent", "00-zz-1-01")])) { #expect($0["traceparent"] == nil) }
    }

    @Test func `HEAD is GET without the body`() async throws {
        try await serving(Self.routes) { port in
            let wire = try Wire(port: port)
            await wire.send(Call("HEAD", "/open").bytes + Call("GET", "/open").bytes)
            let head = try await wire.receive(head: true)
            #expect(head.status == 200)
            #expect(head["content-length"] == "13")
            #expect(try await wire.receive().json == ["well": true])
        }
    }

    @Test func `requests sent in a row are answered in order on one connection`() async throws {
        try await serving(Self.routes) { port in
            let wire = try Wire(port: port)
            let asks = (0..<50).map { Call("GET", "/things/\($0)", [token]) }
            await wire.send(asks.flatMap(\.bytes))
            for number in 0..<50 { #expect(try await wire.receive().json["id"] == .string("\(number)")) }
            await wire.send(Call("GET", "/nowhere").bytes)
            #expect(try await wire.receive().status == 404)
            await wire.send(Call("GET", "/open").bytes)
            #expect(try await wire.receive().status == 200)
        }
    }

    @Test func `a slow answer is given up, and the connection lives on`() async throws {
        try await serving(Self.routes, patience: .seconds(1)) { port in
            let wire = try Wire(port: port)
            await wire.send(Call("GET", "/slow").bytes)
            let answer = try await wire.receive()
            #expect(answer.status == 503)
            #expect(answer.json["code"] == "request.timeout")
            #expect(answer["retry-after"] == "5")
            await wire.send(Call("GET", "/open").bytes)
            #expect(try await wire.receive().status == 200)
        }
    }
}
