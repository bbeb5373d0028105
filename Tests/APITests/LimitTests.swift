import Application
import Foundation
import HTTPTypes
import Kernel
import NIOCore
import Testing

@testable import API

/// What a request may cost, and what becomes of those that want more.
@Suite(.serialized) struct LimitTests {
    private static let routes = [
        Route(
            .post, "/things", "Make.", body: .members([], optional: false),
            handler: .open { exchange throws(Problem) in Outcome(["bytes": .integer(Int64(exchange.bytes.count))]) }),
        Route(.get, "/open", "Open.", handler: .open { _ throws(Problem) in Outcome(["well": true]) }),
        Route(
            .post, "/rows", "Much.", body: .document(["type": "object"], limit: Limits.rows),
            handler: .open { exchange throws(Problem) in Outcome(["bytes": .integer(Int64(exchange.bytes.count))]) }),
        Route(
            .post, "/own", "Much, of somebody.", body: .document(["type": "object"], limit: Limits.rows),
            handler: .known { exchange, _ throws(Problem) in
                Outcome(["bytes": .integer(Int64(exchange.bytes.count))])
            }),
        Route(
            .post, "/slow", "To a slow disk.", body: .upload([]),
            handler: .upload { _, _, inflow throws(Problem) in
                var count = 0
                try await inflow.read { bytes throws(Problem) in
                    if count == 0 { try? await Task.sleep(for: .seconds(3)) }
                    count += bytes.count
                }
                let all = Int64(count)
                return { () throws(Problem) in Outcome(["bytes": .integer(all)]) }
            }),
    ]
    private let json = ("Content-Type", "application/json")

    private func text(_ count: Int) -> [UInt8] {
        Array("\"".utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: count - 2) + Array("\"".utf8)
    }
    private func chunked(_ bytes: [UInt8]) -> [UInt8] {
        stride(from: 0, to: bytes.count, by: 65536).flatMap { start -> [UInt8] in
            let part = bytes[start..<min(start + 65536, bytes.count)]
            return Array("\(String(part.count, radix: 16))\r\n".utf8) + part + Array("\r\n".utf8)
        } + Array("0\r\n\r\n".utf8)
    }

    @Test func `a body of a mebibyte is taken and one byte more is not`() async throws {
        try await serving(Self.routes) { port in
            let wire = try Wire(port: port)
            await wire.send(Call("POST", "/things", [json], text(Limits.body)).bytes)
            #expect(try await wire.receive().json == ["bytes": .integer(Int64(Limits.body))])
            await wire.send(Call("POST", "/things", [json], text(Limits.body + 1)).bytes)
            let answer = try await wire.receive()
            #expect(answer.status == 413)
            #expect(answer.json["code"] == "body.too_large")
            #expect(answer["connection"] == "close")
            #expect(await wire.isClosed())
        }
    }

    @Test func `ten megabytes are refused however they are announced, and the refusal can be read`() async throws {
        try await serving(Self.routes) { port in
            let large = text(10_000_000)
            for call in [
                Call("POST", "/things", [json], large),
                Call("POST", "/things", [json, ("Transfer-Encoding", "chunked")], chunked(large)),
                Call("POST", "/rows", [json, ("Transfer-Encoding", "chunked")], chunked(large)),
            ] {
                let wire = try Wire(port: port)
                await wire.send(call.bytes)
                #expect(try await wire.receive().json["code"] == "body.too_large")
            }
            let wire = try Wire(port: port)
            await wire.send(
                Call("POST", "/rows", [json, ("Transfer-Encoding", "chunked")], chunked(text(3_000_000))).bytes)
            #expect(try await wire.receive().json == ["bytes": 3_000_000])
        }
    }

    @Test func `a body that ends before its announced length is never taken for whole`() async throws {
        try await serving(Self.routes) { port in
            let wire = try Wire(port: port)
            await wire.send(Call("POST", "/things", [json, ("Content-Length", "10")], Array("{}".utf8)).bytes)
            wire.finish()
            #expect(try await wire.receive().status == 400)
        }
        try await serving(Self.routes, patience: .milliseconds(300)) { port in
            let wire = try Wire(port: port)
            await wire.send(Call("POST", "/things", [json, ("Content-Length", "10")], Array("{}".utf8)).bytes)
            let answer = try await wire.receive()
            #expect(answer.json["code"] == "request.too_slow")
            #expect(answer.status == 408)
            #expect(await wire.isClosed())
        }
    }

    @Test func `a stranger is refused before anything of a body is taken`() async throws {
        try await serving(Self.routes) { port in
            for token in [[], [("Authorization", "Bearer ab")]] {
                let wire = try Wire(port: port)
                await wire.send(Call("POST", "/own", [json, ("Content-Length", "8000000")] + token, [1]).bytes)
                let answer = try await wire.receive()
                #expect(answer.status == 401 && answer["connection"] == "close", "\(answer.text)")
                #expect(await wire.isClosed())
            }
            // One that is there whole stands in nobody's way.
            let wire = try Wire(port: port)
            await wire.send(Call("POST", "/own", [json], text(10)).bytes)
            #expect(try await wire.receive().status == 401)
            await wire.send(Call("POST", "/own", [json, ("Authorization", "Bearer abc")], text(10)).bytes)
            #expect(try await wire.receive().json == ["bytes": 10])
        }
    }

    @Test func `a disk that is slow does not make a client slow`() async throws {
        try await serving(Self.routes, patience: .seconds(2)) { port in
            let wire = try Wire(port: port)
            let large = [UInt8](repeating: 1, count: 4 << 20)
            await wire.send(Call("POST", "/slow", [("Authorization", "Bearer abc")], large).bytes)
            #expect(try await wire.receive().json == ["bytes": .integer(4 << 20)])
        }
    }

    @Test func `a client is waited for only while it is its turn`() throws {
        let (start, second) = (NIODeadline.uptimeNanoseconds(1_000_000_000), TimeAmount.seconds(1))
        var wait = Wait()
        #expect(wait.end(after: second) == nil)
        wait.turn(isTheirs: true, at: start)
        wait.turn(isTheirs: true, at: start + .milliseconds(100))
        #expect(wait.end(after: second) == start + second)
        wait.turn(isTheirs: false, at: start + .milliseconds(300))
        #expect(wait.end(after: second) == nil)
        wait.turn(isTheirs: true, at: start + .seconds(60))
        #expect(wait.end(after: second) == start + .seconds(60) + .milliseconds(700), "what counted, counts")
        wait.renew()
        wait.turn(isTheirs: true, at: start + .seconds(61))
        #expect(wait.end(after: second) == start + .seconds(62))
    }

    @Test func `a connection on which nothing comes is closed`() async throws {
        try await serving({ logger, ready in
            let observer = Observer(logger: logger, metrics: Metrics())
            let responder = Responder(tree: RouteTree(Self.routes), observer: observer) { _, _ throws(Problem) in
                throw .unauthorized
            }
            var server = Server(responder, observer, port: 0, logger: logger, ready: ready)
            server.idle = .seconds(1)
            return server
        }) { port in
            let silent = try Wire(port: port)
            #expect(await silent.isClosed())
            let wire = try Wire(port: port)
            await wire.send(Call("GET", "/open").bytes)
            #expect(try await wire.receive().status == 200)
            #expect(await wire.isClosed())
        }
    }

    @Test(arguments: [
        ("GARBAGE\r\n\r\n", 400, "request.malformed"),
        ("GET /open HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "request.malformed"),
        (
            "GET /open HTTP/1.1\r\nHost: x\r\nX-Large: \(String(repeating: "x", count: 20_000))\r\n\r\n", 431,
            "request.headers_too_large"
        ),
        (
            "GET /open HTTP/1.1\r\nHost: x\r\n"
                + (0..<150).map { "X-\($0): 1\r\n" }.joined() + "\r\n", 431, "request.headers_too_large"
        ),
    ])
    func `bytes that are no request get a problem and the end`(bytes: String, status: Int, code: String) async throws {
        try await serving(Self.routes) { port in
            let wire = try Wire(port: port)
            await wire.send(bytes)
            let answer = try await wire.receive()
            #expect(answer.status == status)
            #expect(answer.json["code"] == .string(code))
            #expect(answer["content-type"] == "application/problem+json")
            #expect(await wire.isClosed())
        }
    }

    @Test func `who asks whether to send is told`() async throws {
        try await serving(Self.routes) { port in
            let wire = try Wire(port: port)
            await wire.send(
                Call("POST", "/things", [json, ("Expect", "100-continue"), ("Content-Length", "2")], []).bytes)
            #expect(try await wire.receive().status == 100)
            await wire.send("{}")
            #expect(try await wire.receive().json == ["bytes": 2])
            await wire.send(
                Call("POST", "/things", [json, ("Expect", "100-continue"), ("Content-Length", "99999999")], []).bytes)
            #expect(try await wire.receive().status == 413)
        }
    }

    @Test func `on shutdown a begun request is answered and nothing else begins`() async throws {
        let wire = try await withServerUntilSlow()
        #expect(try await wire.receive().json == ["done": true])
        #expect(await wire.isClosed())
    }

    /// Starts a slow request, then shuts the server down; returns once it is down.
    private func withServerUntilSlow() async throws -> Wire {
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let slow = Route(
            .get, "/slow", "Slow.",
            handler: .open { _ throws(Problem) in
                begin.finish()
                try? await Task.sleep(for: .milliseconds(500))
                return Outcome(["done": true])
            })
        var kept: Wire?
        try await serving([slow]) { port in
            let wire = try Wire(port: port)
            await wire.send(Call("GET", "/slow").bytes)
            for await _ in begun {}
            kept = wire
        }
        return try #require(kept)
    }
}
