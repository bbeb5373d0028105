import FoundationEssentials
import Glibc
import Kernel
import Vault

/// The opened parts of the event at hand, in memory that the next event uses again: values point into it.
struct Plaintexts: ~Copyable {
    private var buffers: [UnsafeMutableRawBufferPointer] = []

    deinit { for buffer in buffers { buffer.deallocate() } }

    subscript(_ n: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffers[n].prefix(counts[n])) }
    private var counts: [Int] = []

    /// Opens those parts of an event that are members of its data.
    /// - Returns: how many there are.
    mutating func open(_ event: Event, of organization: Cell, with book: KeyBook) throws(Malformed) -> Int {
        var place: SealingPlace?
        var count = 0
        do {
            try SealedParts.walk(event.private) { part in
                guard part.kind == .data, let key = book.key(organization, part.person) else { return }
                let here =
                    place
                    ?? SealingPlace(
                        organization: organization.uuid, stream: event.stream.uuid, version: event.version,
                        type: event.type, schema: event.schema)
                place = here
                guard let plain = key.open(part, at: here) else { return }
                keep(plain, count)
                count += 1
            }
        } catch { throw Malformed() }
        return count
    }

    /// The data with the first `count` of them put where they belong.
    mutating func put(into data: UnsafeRawBufferPointer, _ count: Int) throws(Malformed) -> UnsafeRawBufferPointer {
        do {
            var stored = Stored(type: "", schema: 1, data: try JSON(parsing: Array(data)))
            for n in 0..<count { stored = stored.completed(by: try JSON(parsing: Array(self[n]))) }
            keep(stored.data.bytes, 0)
        } catch { throw Malformed() }
        return self[0]
    }

    private mutating func keep(_ bytes: [UInt8], _ n: Int) {
        if n == buffers.count {
            buffers.append(.allocate(byteCount: max(bytes.count, 1024), alignment: 8))
            counts.append(0)
        } else if buffers[n].count < bytes.count {
            buffers[n].deallocate()
            buffers[n] = .allocate(byteCount: 2 * bytes.count, alignment: 8)
        }
        buffers[n].copyBytes(from: bytes)
        counts[n] = bytes.count
    }
}

extension Erasure {
    private static let name = Array(type.utf8)

    /// Whether an event of this stored name tells that a person was erased.
    @inline(__always) static func matches(_ type: UnsafeRawBufferPointer) -> Bool {
        type.count == name.count && name.withUnsafeBytes { memcmp($0.baseAddress!, type.baseAddress!, $0.count) == 0 }
    }
}
