import Kernel
import Testing

@Suite struct HexTests {
    @Test func `each byte has two digits`() {
        #expect([UInt8]().hex == "")
        #expect([0, 9, 10, 15, 16, 255].hex == "00090a0f10ff")
        #expect([1, 2, 3][1...].hex == "0203")
    }
}
