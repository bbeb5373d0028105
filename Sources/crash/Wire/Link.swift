import Foundation
import Synchronization

/// One connection through the proxy: two threads, one for each direction.
final class Link: Sendable {
    private struct State {
        var name = ""
        /// Exchanges that were sent and not answered yet.
        var open: [Int] = []
        var isCut = false
        var running = 2
        /// Until when the session is kept although the process has lost it.
        var keptUntil: ContinuousClock.Instant?
    }
    private let state = Mutex(State())
    private let client: Int32
    private let server: Int32
    private let proxy: Proxy

    init(client: Int32, server: Int32, proxy: Proxy) {
        (self.client, self.server, self.proxy) = (client, server, proxy)
    }

    func start() {
        Thread.detachNewThread { [self] in
            sendOn()
            end()
        }
        Thread.detachNewThread { [self] in
            answerOn()
            end()
        }
    }

    /// Both sides see the end of the connection.
    func cut() {
        state.withLock { $0.isCut = true }
        shutdown(client, Int32(SHUT_RDWR))
        shutdown(server, Int32(SHUT_RDWR))
    }

    private func end() {
        if let until = state.withLock({ $0.keptUntil }) {
            shutdown(client, Int32(SHUT_RDWR))
            while ContinuousClock.now < until { usleep(2_000) }
        }
        cut()
        let isLast = state.withLock { state in
            state.running -= 1
            return state.running == 0
        }
        guard isLast else { return }
        close(client)
        close(server)
        proxy.ended(self)
    }

    // MARK: - From the process to Postgres

    private func sendOn() {
        guard let first = Frame.first(from: client) else { return }
        state.withLock { $0.name = first.applicationName }
        guard Frame.write(first.bytes, to: server) else { return }
        let name = first.applicationName
        var exchange: Int?
        while let frame = Frame.next(from: client) {
            if exchange == nil {
                let number = proxy.begins(on: name)
                exchange = number
                if !pass(proxy.take(name, number, .beforeStatement), frame, to: server) { return }
            }
            if frame.endsExchange, let number = exchange {
                exchange = nil
                if frame.isSync, !pass(proxy.take(name, number, .beforeCommit), frame, to: server) { return }
                state.withLock { $0.open.append(number) }
            }
            guard Frame.write(frame.bytes, to: server) else { return }
        }
    }

    // MARK: - From Postgres to the process

    private func answerOn() {
        var held: [UInt8] = []
        while let frame = Frame.next(from: server) {
            let (name, number) = state.withLock { ($0.name, $0.open.first) }
            held += frame.bytes
            // What is held back comes whole, so that the process sees nothing of it.
            if let number, !frame.isReady, proxy.isSet(name, number, .beforeAnswer) { continue }
            if frame.isReady, let number {
                state.withLock { if !$0.open.isEmpty { $0.open.removeFirst() } }
                let whole = Frame(bytes: held)
                if !pass(proxy.take(name, number, .beforeAnswer), whole, to: client) { return }
            }
            guard Frame.write(held, to: client) else { return }
            held = []
        }
    }

    // MARK: - What is done?

    /// Does the deed. False: the connection ends here.
    private func pass(_ deed: Trap.Deed?, _ frame: Frame, to side: Int32) -> Bool {
        switch deed {
        case nil, .killPostgres: return true
        case .pause(let milliseconds):
            usleep(UInt32(milliseconds) * 1000)
            return !state.withLock { $0.isCut }
        case .cut: return false
        case .tear:
            _ = Frame.write(Array(frame.bytes.prefix(max(1, frame.bytes.count / 2))), to: side)
            return false
        // What the process was to hear dies with it.
        case .killWorker: return false
        case .abandon(let milliseconds):
            state.withLock { $0.keptUntil = .now + .milliseconds(milliseconds) }
            return false
        }
    }
}

/// A message of Postgres' protocol, version 3, as it stands on the wire.
struct Frame {
    let bytes: [UInt8]

    private var type: UInt8 { bytes.first ?? 0 }
    var isSync: Bool { type == UInt8(ascii: "S") }
    var endsExchange: Bool { isSync || type == UInt8(ascii: "Q") }
    var isReady: Bool { type == UInt8(ascii: "Z") }

    static func next(from side: Int32) -> Frame? {
        guard let head = read(5, from: side) else { return nil }
        let length = length(head[1...])
        guard length >= 4, let body = read(length - 4, from: side) else { return nil }
        return Frame(bytes: head + body)
    }

    /// The first of a connection, which has no type: StartupMessage or CancelRequest.
    static func first(from side: Int32) -> (bytes: [UInt8], applicationName: String)? {
        guard let head = read(4, from: side) else { return nil }
        guard case let length = length(head[...]), length >= 8, let body = read(length - 4, from: side) else {
            return nil
        }
        let words = body.dropFirst(4).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        let index = words.firstIndex(of: "application_name")
        let name = index.flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil } ?? ""
        return (head + body, name)
    }

    private static func length(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    private static func read(_ count: Int, from side: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes.withUnsafeMutableBytes { recv(side, $0.baseAddress! + filled, count - filled, 0) }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return nil }
            filled += got
        }
        return bytes
    }

    static func write(_ bytes: [UInt8], to side: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(side, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}
