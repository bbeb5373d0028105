import Kernel
import Testing

/// An event type of which the log holds three shapes.
@Suite struct UpcastTests {
    private static let upcasts: Upcasts = [
        "lamp.lit@1": .to("lamp.lit@2") { $0["watts"] = $0.removeValue(forKey: "power") ?? 40 },
        "lamp.lit@2": .to("lamp.lit@3") { $0["lumen"] = .integer(($0["watts"]?.integer ?? 0) * 10) },
        "lamp.out@1": .to("lamp.darkened@1"),
    ]
    private func lit(_ schema: Int16, _ data: JSON) -> Stored { Stored(type: "lamp.lit", schema: schema, data: data) }

    @Test func `an old shape becomes the newest, step by step`() {
        let newest = lit(3, ["watts": 60, "lumen": 600])
        #expect(Self.upcasts.newest(lit(1, ["power": 60])) == newest)
        #expect(Self.upcasts.newest(lit(2, ["watts": 60])) == newest)
        #expect(Self.upcasts.newest(newest) == newest)
    }
    @Test func `a member that an erasure took away is no obstacle`() {
        #expect(Self.upcasts.newest(lit(1, [:])) == lit(3, ["watts": 40, "lumen": 400]))
    }
    @Test func `an event may change its name, and others are left alone`() {
        let out = Stored(type: "lamp.out", schema: 1, data: [:])
        #expect(Self.upcasts.newest(out) == Stored(type: "lamp.darkened", schema: 1, data: [:]))
        let other = Stored(type: "lamp.sold", schema: 1, data: ["power": 60])
        #expect(Self.upcasts.newest(other) == other)
        #expect(Self.upcasts.newest("lamp.lit@1") == "lamp.lit@3")
        #expect(Self.upcasts.newest("lamp.sold@1") == "lamp.sold@1")
    }
    @Test func `what is no object is left for the decoder to refuse`() {
        #expect(Self.upcasts.newest(lit(1, [])) == lit(1, []))
    }
    @Test func `a circle ends`() {
        let circle: Upcasts = ["a.b@1": .to("a.b@2"), "a.b@2": .to("a.b@1")]
        #expect(circle.newest(Stored(type: "a.b", schema: 1, data: [:])).type == "a.b")
    }
}
