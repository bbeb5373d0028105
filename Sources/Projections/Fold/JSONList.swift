/// A list in a json column: elements are put behind it, or taken out, as they are written in the event.
struct JSONList {
    /// A list that grows with each event is copied with each event: what is more belongs in rows of its own.
    static let most = 1000
    enum Refusal: Error { case wrongType, tooMany, malformed }

    private var elements: [[UInt8]] = []
    /// Of each element, where it is a scalar, what is the same of all that equal it.
    private var scalars: [[UInt8]?] = []

    /// From what the column holds.
    init(_ text: UnsafeBufferPointer<UInt8>) throws(Refusal) { try add(text, isList: true) { _ in true } }
    init() {}

    /// Puts a value behind the others; a list is taken element by element.
    mutating func append(_ json: [UInt8]) throws(Refusal) {
        try json.withUnsafeBufferPointer { text throws(Refusal) in try add(text, isList: false) { _ in true } }
        if elements.count > JSONList.most { throw .tooMany }
    }

    /// Puts in what is not there. Only texts, numbers and booleans can be told apart.
    mutating func collect(_ json: [UInt8]) throws(Refusal) {
        var known = Set(scalars.compactMap(\.self))
        try json.withUnsafeBufferPointer { text throws(Refusal) in
            try add(text, isList: false) { scalar throws(Refusal) in
                guard let scalar else { throw .wrongType }
                return known.insert(scalar).inserted
            }
        }
        if elements.count > JSONList.most { throw .tooMany }
    }

    /// Takes out all that equal it.
    mutating func remove(_ json: [UInt8]) throws(Refusal) {
        var gone = JSONList()
        try gone.collect(json)
        let some = Set(gone.scalars.compactMap(\.self))
        let kept = elements.indices.filter { i in scalars[i].map { !some.contains($0) } ?? true }
        (elements, scalars) = (kept.map { elements[$0] }, kept.map { scalars[$0] })
    }

    /// The list as JSON.
    var bytes: [UInt8] {
        [UInt8(ascii: "[")] + elements.joined(separator: CollectionOfOne(UInt8(ascii: ","))) + [UInt8(ascii: "]")]
    }

    // MARK: - What is an element?

    private mutating func add(
        _ text: UnsafeBufferPointer<UInt8>, isList: Bool, _ isWanted: ([UInt8]?) throws(Refusal) -> Bool
    ) throws(Refusal) {
        guard let start = text.baseAddress, !text.isEmpty else { throw .malformed }
        do throws(Malformed) {
            let value = try Value(whole: start, start + text.count)
            var found: [Value] = []
            if value.kind == .array, var items = Items(value) {
                while try items.next() { found.append(items.value) }
            } else if isList {
                throw Malformed()
            } else {
                found.append(value)
            }
            values = found
        } catch { throw isList ? .wrongType : .malformed }
        for value in values {
            let scalar = JSONList.scalar(value)
            guard try isWanted(scalar) else { continue }
            elements.append(Array(value.whole))
            scalars.append(scalar)
        }
        values = []
    }
    private var values: [Value] = []

    /// The same bytes for equal texts, numbers and booleans, however they are written: jsonb writes them its own way.
    private static func scalar(_ value: Value) -> [UInt8]? {
        switch value.kind {
        case .string, .escaped: value.textBytes().map { [1] + $0 }
        case .number: value.decimal().map { [2] + Numeric.shortest($0) }
        case .bool: [3, value.start.pointee]
        case .null, .absent, .object, .array, .misplaced: nil
        }
    }
}
