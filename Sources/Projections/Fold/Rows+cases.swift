import FoundationEssentials
import Kernel
import Vault

// MARK: - Which rows does an event change?

extension Rows {
    /// Applies all cases that hold, to all the rows that they name, or none of it.
    mutating func apply(
        _ event: borrowing Event, _ branches: [Branch], _ values: UnsafeMutablePointer<Value>, makingNone: Bool
    ) throws(FoldError) {
        changing.removeAll(keepingCapacity: true)
        unchanged.removeAll(keepingCapacity: true)
        do throws(FoldError) {
            for branch in branches {
                try eachRow(of: branch, event, values, makingNone ? .changingOnly : .making)
            }
        } catch {
            // The last change first: a row that was changed twice is as it was before the first.
            for n in changing.indices.reversed() {
                for i in 0..<table.stride { changing[n][i] = unchanged[n * table.stride + i] }
            }
            throw error
        }
        guard let history, let row = changing.first else { return }
        // Versions are of rows that are a stream's: all cases changed the same one.
        for i in 0..<table.stride { snapshot[i] = unchanged[i] }
        keepVersion(history, snapshot, row, event)
    }

    /// Asks for the rows that an event may change, and changes nothing.
    mutating func touch(_ event: Event, _ program: Program, _ values: UnsafeMutablePointer<Value>) {
        // What cannot be applied touches no more rows.
        for branch in program.branches {
            do throws(FoldError) { try eachRow(of: branch, event, values, .asking) } catch { return }
        }
    }

    private enum Purpose { case making, changingOnly, asking }

    private mutating func eachRow(
        of branch: Branch, _ event: borrowing Event, _ values: UnsafeMutablePointer<Value>, _ purpose: Purpose
    ) throws(FoldError) {
        guard let each = branch.each else { return try oneRow(of: branch, event, values, purpose) }
        let list = values[each.slot]
        if list.isNothing { return }
        guard var items = Items(list) else { throw .wrongType(column: nil) }
        while try next(&items, each, values) { try oneRow(of: branch, event, values, purpose) }
    }

    /// Puts the next element where expressions find it.
    private func next(
        _ items: inout Items, _ each: Branch.Each, _ values: UnsafeMutablePointer<Value>
    ) throws(FoldError) -> Bool {
        do throws(Malformed) {
            guard try items.next() else { return false }
            let item = items.value
            values[each.base] = item
            values[each.base + 1] = items.name
            values[each.base + 2] = number(items.index)
            let inner = values + each.base + Branch.Each.before
            if item.kind == .object {
                try Scanner.scan(UnsafeRawBufferPointer(item.whole), each.paths, into: inner)
            } else {
                for i in 0..<each.paths.slots { inner[i].kind = item.kind == .null ? .null : .misplaced }
            }
            return true
        } catch { throw .malformed }
    }

    private func number(_ index: Int64) -> Value {
        let text = Array("\(index)".utf8)
        digits.update(from: text, count: text.count)
        return Value(kind: .number, count: Int32(text.count), start: Pointer(digits))
    }

    private mutating func oneRow(
        of branch: Branch, _ event: borrowing Event, _ values: UnsafeMutablePointer<Value>, _ purpose: Purpose
    ) throws(FoldError) {
        let evaluation = Evaluation(event: copy event, values: values)
        if let when = branch.when, !evaluation.holds(when) { return }
        var parts: [Evaluated] = []
        for part in branch.key {
            guard let found = evaluation.value(part.value, as: part.type) else {
                throw .wrongType(column: part.column)
            }
            if found == .nothing { return }  // it is about no row
            parts.append(found)
        }
        let key = branch.key.isEmpty ? event.stream : keys.id(parts)
        if let only, !only.contains(key) { return }
        if purpose == .asking {
            _ = table.row(key)
            return
        }
        if purpose == .changingOnly, table.find(key).map({ $0.position == 0 }) ?? true { return }
        let row = table.row(key)
        if branch.key.isEmpty, event.version <= row.version, row.position != event.position { throw .versionGap }
        changing.append(row)
        unchanged.append(contentsOf: UnsafeBufferPointer(start: row, count: table.stride))
        let isNew = row.position == 0
        Rows.note(event, in: row)
        if !branch.key.isEmpty {
            row.version = 0
            if isNew { for (part, value) in zip(branch.key, parts) { try put(row, part.column, value) } }
        }
        for op in branch.ops { try run(op, row, event, values) }
    }
}

// MARK: - What do functions and lists change?

extension Rows {
    mutating func put(_ row: Row, _ column: Int, _ value: Evaluated?) throws(FoldError) {
        switch value {
        case nil: throw .wrongType(column: column)
        case .nothing: row.clear(column)
        case .number(let number): row.set(column, Cell(number))
        case .id(let id): row.set(column, id)
        case .text(let bytes): constant(row, column, bytes)
        }
    }

    func sum(_ row: Row, _ column: Int, _ value: Evaluated?, _ isMinus: Bool) throws(FoldError) {
        switch value {
        case .nothing: return
        case .number(let number):
            if isMinus, number == .min { throw .overflow(column: column) }
            try add(row, column, isMinus ? -number : number)
        case nil, .id, .text: throw .wrongType(column: column)
        }
    }

    mutating func list(_ row: Row, _ column: Int, _ change: ListChange, _ value: Evaluated?) throws(FoldError) {
        if value == .nothing { return }
        guard case .text(let json) = value else { throw .wrongType(column: column) }
        if change == .remove, !row.has(column) { return }
        do throws(JSONList.Refusal) {
            var list = JSONList()
            if row.has(column) {
                let cell = row.column(column)
                list = try JSONList(UnsafeBufferPointer(start: arena.start(cell), count: cell.pointee.length))
            }
            switch change {
            case .append: try list.append(json)
            case .collect: try list.collect(json)
            case .remove: try list.remove(json)
            }
            constant(row, column, list.bytes)
        } catch {
            switch error {
            case .wrongType: throw .wrongType(column: column)
            case .tooMany: throw .overflow(column: column)
            case .malformed: throw .malformed
            }
        }
    }
}

// MARK: - What is the id of a row?

/// Ids of rows that have a key of values.
struct KeyHash {
    private var scratch = [UInt8]()

    /// A single uuid is the id. Else it is made from the values by SHA-256, so that each process and each rebuild finds
    /// the same.
    mutating func id(_ values: [Evaluated]) -> Cell {
        if values.count == 1, case .id(let id) = values[0] { return id }
        scratch.removeAll(keepingCapacity: true)
        for value in values {
            switch value {
            case .nothing: break
            case .number(let number): field(of: number.bigEndian)
            case .id(let id): field(of: id)
            case .text(let bytes):
                withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { scratch.append(contentsOf: $0) }
                scratch.append(contentsOf: bytes)
            }
        }
        return Cell(UUID.v8(SHA256.hash(scratch)))
    }

    private mutating func field<T>(of value: T) {
        withUnsafeBytes(of: UInt32(MemoryLayout<T>.size).bigEndian) { scratch.append(contentsOf: $0) }
        withUnsafeBytes(of: value) { scratch.append(contentsOf: $0) }
    }
}
