/// The number of a type in Postgres' catalogue (`pg_type.oid`); those of the built-in types never change.
public struct OID: RawRepresentable, Hashable, Sendable {
    /// The number itself.
    public let rawValue: UInt32
    /// A type by its number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

// MARK: - Which types do we name?

/// The scalar types.
extension OID {
    /// `boolean`
    public static let bool = OID(16)
    /// `bytea`
    public static let bytea = OID(17)
    /// `bigint`
    public static let bigint = OID(20)
    /// `smallint`
    public static let smallint = OID(21)
    /// `integer`
    public static let int = OID(23)
    /// `text`
    public static let text = OID(25)
    /// `json`: the bytes as they were given
    public static let json = OID(114)
    /// `double precision`
    public static let double = OID(701)
    /// `date`
    public static let date = OID(1082)
    /// `timestamp with time zone`
    public static let timestamptz = OID(1184)
    /// `uuid`
    public static let uuid = OID(2950)
    /// `jsonb`
    public static let jsonb = OID(3802)
}

/// The types of their arrays.
extension OID {
    /// `boolean[]`
    public static let bools = OID(1000)
    /// `bytea[]`
    public static let byteas = OID(1001)
    /// `smallint[]`
    public static let smallints = OID(1005)
    /// `integer[]`
    public static let ints = OID(1007)
    /// `text[]`
    public static let texts = OID(1009)
    /// `bigint[]`
    public static let bigints = OID(1016)
    /// `double precision[]`
    public static let doubles = OID(1022)
    /// `date[]`
    public static let dates = OID(1182)
    /// `timestamp with time zone[]`
    public static let timestamptzs = OID(1185)
    /// `json[]`
    public static let jsons = OID(199)
    /// `uuid[]`
    public static let uuids = OID(2951)
    /// `jsonb[]`
    public static let jsonbs = OID(3807)
}
