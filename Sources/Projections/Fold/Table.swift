/// A row is a run of cells: which columns are set (128 bits), its key, when it was made and last changed (microseconds
/// since 2000), the position and version of its last event, then one cell for each column. Position 0: there is no such
/// row.
typealias Row = UnsafeMutablePointer<Cell>

extension UnsafeMutablePointer where Pointee == Cell {
    static var head: Int { 4 }
    static var mostColumns: Int { 128 }

    @inline(__always) var key: Cell { self[1] }
    @inline(__always) var createdAt: Int64 {
        get { Int64(bitPattern: self[2].low) }
        nonmutating set { self[2].low = UInt64(bitPattern: newValue) }
    }
    @inline(__always) var updatedAt: Int64 {
        get { Int64(bitPattern: self[2].high) }
        nonmutating set { self[2].high = UInt64(bitPattern: newValue) }
    }
    @inline(__always) var position: Int64 {
        get { Int64(bitPattern: self[3].low) }
        nonmutating set { self[3].low = UInt64(bitPattern: newValue) }
    }
    @inline(__always) var version: Int32 {
        get { Int32(truncatingIfNeeded: self[3].high) }
        nonmutating set { self[3].high = UInt64(UInt32(bitPattern: newValue)) }
    }

    @inline(__always) func has(_ column: Int) -> Bool {
        (column < 64 ? self[0].low >> UInt64(column) : self[0].high >> UInt64(column - 64)) & 1 != 0
    }
    @inline(__always) func set(_ column: Int, _ cell: Cell) {
        if column < 64 { self[0].low |= 1 << UInt64(column) } else { self[0].high |= 1 << UInt64(column - 64) }
        self[Self.head + column] = cell
    }
    @inline(__always) func clear(_ column: Int) {
        if column < 64 { self[0].low &= ~(1 << UInt64(column)) } else { self[0].high &= ~(1 << UInt64(column - 64)) }
        self[Self.head + column] = .zero
    }
    @inline(__always) func column(_ column: Int) -> UnsafePointer<Cell> { UnsafePointer(self + Self.head + column) }
}

/// Rows by key: blocks of rows that never move, and an open-addressing index of (hash tag, row number).
struct Table: ~Copyable {
    let stride: Int
    private(set) var count = 0
    private var blocks: [Row] = []
    private var index: UnsafeMutablePointer<UInt64>
    private var mask: Int
    private static let perBlock = 256
    private static let smallest = (1 << 11) - 1
    private static let tagged: UInt64 = 0xFFFF_FFFF_0000_0000

    init(columns: Int) {
        stride = Row.head + columns
        mask = Table.smallest
        index = .allocate(capacity: mask + 1)
        index.initialize(repeating: 0, count: mask + 1)
    }
    deinit {
        index.deallocate()
        for block in blocks { block.deallocate() }
    }

    var bytes: Int { blocks.count * Table.perBlock * stride * 16 + (mask + 1) * 8 }

    @inline(__always) subscript(_ i: Int) -> Row { blocks[i / Table.perBlock] + i % Table.perBlock * stride }

    /// The row with this key, made if there is none; a new one has position 0.
    @inline(__always) mutating func row(_ key: Cell) -> Row {
        let hash = key.mixed
        let tag = hash & Table.tagged
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let entry = index[slot]
            if entry == 0 { return add(key, slot, tag) }
            if entry & Table.tagged == tag {
                let row = self[Int(entry & ~Table.tagged) - 1]
                if row.key == key { return row }
            }
            slot = (slot + 1) & mask
        }
    }

    /// The row with this key, if it was asked for before.
    func find(_ key: Cell) -> Row? { number(key).map { self[$0] } }

    /// That row's number.
    func number(_ key: Cell) -> Int? {
        let hash = key.mixed
        var slot = Int(truncatingIfNeeded: hash) & mask
        while index[slot] != 0 {
            let n = Int(index[slot] & ~Table.tagged) - 1
            if self[n].key == key { return n }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// Reads what a look-up of this key and a change of its row will read.
    /// - Returns: a number that means nothing, so that it is read.
    @inline(__always) func touch(_ key: Cell) -> UInt64 {
        let entry = index[Int(truncatingIfNeeded: key.mixed) & mask]
        if entry == 0 { return 0 }
        let row = self[Int(entry & ~Table.tagged) - 1]
        var read = entry
        // A line of the processor's cache holds four cells.
        for cell in Swift.stride(from: 0, to: stride, by: 4) { read ^= row[cell].low }
        return read
    }

    @inline(never) private mutating func add(_ key: Cell, _ slot: Int, _ tag: UInt64) -> Row {
        if count == blocks.count * Table.perBlock {
            let block = Row.allocate(capacity: Table.perBlock * stride)
            block.initialize(repeating: .zero, count: Table.perBlock * stride)
            blocks.append(block)
        }
        count += 1
        index[slot] = tag | UInt64(count)
        let row = self[count - 1]
        row[1] = key
        if count * 2 > mask { rehash() }
        return row
    }
    private mutating func rehash() {
        resize(mask * 2 + 1)
        for i in 0..<count {
            let hash = self[i].key.mixed
            var slot = Int(truncatingIfNeeded: hash) & mask
            while index[slot] != 0 { slot = (slot + 1) & mask }
            index[slot] = hash & Table.tagged | UInt64(i + 1)
        }
    }
    private mutating func resize(_ mask: Int) {
        index.deallocate()
        self.mask = mask
        index = .allocate(capacity: mask + 1)
        index.initialize(repeating: 0, count: mask + 1)
    }

    /// Forgets all rows; the memory of a small batch of them is kept.
    mutating func removeAll() {
        let kept = min(blocks.count, 1)
        for block in blocks[kept...] { block.deallocate() }
        blocks.removeSubrange(kept...)
        for i in 0..<min(count, kept * Table.perBlock) { self[i].update(repeating: .zero, count: stride) }
        count = 0
        if mask > Table.smallest { resize(Table.smallest) } else { index.update(repeating: 0, count: mask + 1) }
    }
}
