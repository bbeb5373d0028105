/// A figure of DESIGN §10: a ratio of two cases of one pass, and how far it must go.
struct Goal: Sendable {
    let row: String
    let what: String
    let goal: Double
    /// Whether the ratio may not be larger than the goal; else it may not be smaller.
    let isCeiling: Bool
    /// The ratio, where a pass has both cases.
    let ratio: @Sendable ([Case.Key: Sample]) -> Double?

    func holds(_ reached: Double) -> Bool { isCeiling ? reached <= goal : reached >= goal }

    /// As many a second as another case, times the goal.
    static func rate(
        _ row: String, _ what: String, _ goal: Double, _ ours: Case.Key, _ theirs: Case.Key
    ) -> Goal {
        Goal(row: row, what: what, goal: goal, isCeiling: false) { pass in
            guard let ours = pass[ours], let theirs = pass[theirs] else { return nil }
            return ours.perSecond / theirs.perSecond
        }
    }

    static let all = appending + reading + http

    private static let appending = [
        rate("P1", "32 writers / one advisory lock per append", 6, .ours(32), .locked(32)),
        rate("P2", "32 writers / autocommit inserts that leave gaps", 1, .ours(32), .gaps(32)),
        rate("P3", "256 writers / bare unnest insert of 100 rows", 0.5, .ours(256), .bare),
        Goal(row: "P4", what: "p50 at 500 a second / a lone autocommit insert", goal: 2.5, isCeiling: true) { pass in
            guard let ours = pass[.paced], let theirs = pass[.lone] else { return nil }
            return ours.p50 / theirs.p50
        },
        rate("P14", "two processes on one log / one process", 0.5, .companions, .ours(32)),
        Goal(row: "P15", what: "p50 with a snapshot held open / without", goal: 1.5, isCeiling: true) { pass in
            pass[.held]?.notes["ratio"]
        },
    ]
}

extension Case.Key {
    static func ours(_ writers: Int, _ organizations: Int = 1) -> Case.Key {
        Case.Key("ours", writers: writers, organizations: organizations)
    }
    static func gaps(_ writers: Int, _ organizations: Int = 1) -> Case.Key {
        Case.Key("autocommit with gaps", writers: writers, organizations: organizations)
    }
    static func locked(_ writers: Int, _ organizations: Int = 1) -> Case.Key {
        Case.Key("advisory lock", writers: writers, organizations: organizations)
    }
    static let bare = Case.Key("bare unnest of 100", writers: 1)
    static let paced = Case.Key("ours at 500 a second", writers: 1)
    static let lone = Case.Key("autocommit with gaps at 500 a second", writers: 1)
    static let contended = Case.Key("ours, 50 hot streams", writers: 32)
    static let companions = Case.Key("ours, two processes", writers: 32)
    static let overload = Case.Key("ours, overload", writers: 100_000)
    static let hashing = Case.Key("hash and tree beside", writers: 1)
    static let held = Case.Key("ours, snapshot held", writers: 32)
}
