import Glibc

/// The members of an object while a patch is merged into it; they stay where they lie until they are written.
struct MergedObject {
    private struct Member {
        var name: UnsafeRawBufferPointer
        /// The name without escapes, where it has some.
        var plain: [UInt8]?
        var value: UnsafeRawBufferPointer

        func has(_ other: Member) -> Bool {
            guard plain == nil, other.plain == nil else {
                return (plain ?? Array(name)) == (other.plain ?? Array(other.name))
            }
            return name.count == other.name.count
                && (name.isEmpty || memcmp(name.baseAddress!, other.name.baseAddress!, name.count) == 0)
        }
    }
    private var members: [Member] = []

    /// Takes an object's members; with `patching` they replace those of the same name, and null removes one.
    /// False where it is no object.
    mutating func take(_ start: Pointer, _ count: Int, patching: Bool) -> Bool {
        var found: [Member] = []
        let isObject = Scanner.members(start, count) { name, value in
            found.append(Member(name: name, plain: MergedObject.unescaped(name), value: value))
        }
        guard isObject else { return false }
        for member in found {
            let i = members.firstIndex { $0.has(member) }
            let gone = patching && member.value.count == 4 && member.value[0] == UInt8(ascii: "n")
            switch (i, gone) {
            case (let i?, true): members.remove(at: i)
            case (let i?, false): members[i].value = member.value
            case (nil, false): members.append(member)
            case (nil, true): break
            }
        }
        return true
    }

    private static func unescaped(_ name: UnsafeRawBufferPointer) -> [UInt8]? {
        guard name.contains(UInt8(ascii: "\\")), let base = name.baseAddress else { return nil }
        let value = Value(kind: .escaped, count: Int32(name.count), start: base.assumingMemoryBound(to: UInt8.self))
        var out = [UInt8](repeating: 0, count: name.count)
        guard let length = out.withUnsafeMutableBufferPointer({ value.unescape(to: $0.baseAddress!) }) else {
            return nil
        }
        return Array(out.prefix(length))
    }

    /// At least as many bytes as `write` writes.
    var room: Int { members.reduce(2) { $0 + $1.name.count + $1.value.count + 4 } }

    func write(to out: UnsafeMutablePointer<UInt8>) -> Int {
        var n = 0
        func put(_ byte: UInt8) {
            out[n] = byte
            n += 1
        }
        func put(_ bytes: UnsafeRawBufferPointer) {
            if let base = bytes.baseAddress { memcpy(out + n, base, bytes.count) }
            n += bytes.count
        }
        put(UInt8(ascii: "{"))
        for (i, member) in members.enumerated() {
            if i > 0 { put(UInt8(ascii: ",")) }
            put(UInt8(ascii: "\""))
            put(member.name)
            put(UInt8(ascii: "\""))
            put(UInt8(ascii: ":"))
            put(member.value)
        }
        put(UInt8(ascii: "}"))
        return n
    }
}
