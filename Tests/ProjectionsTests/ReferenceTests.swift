import Foundation
import Testing

@testable import Projections

/// What the reference page shows and says.
@Suite struct ReferenceTests {
    @Test func `each whole file on the page is understood`() throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/projections.md").standardizedFileURL
        let blocks = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```yaml\n").dropFirst()
            .compactMap { $0.components(separatedBy: "\n```").first }.filter { $0.hasPrefix("projection:") }
        #expect(blocks.count >= 3)
        for block in blocks { #expect(ReadModels.check(file("page.yaml", block + "\n")) == [], "\(block)") }
    }

    @Test(arguments: [
        ("1", "1.0", 0), ("1.5", "1.50", 0), ("1.05", "1.5", -1), ("2", "10", -1), ("-2", "-10", 1), ("-1", "0.5", -1),
        ("123456789012345678901", "123456789012345678902", -1), ("0", "-0.5", 1), ("10", "9.99", 1),
    ])
    func `numbers are compared exactly, however they are written`(a: String, b: String, order: Int) {
        #expect(Numeric.order(Array(a.utf8), Array(b.utf8)) == order)
        #expect(Numeric.order(Array(b.utf8), Array(a.utf8)) == -order)
    }

    @Test func `of a list that is cut off no more is read than there is`() throws {
        let list = Array(#"[1, "a\"]", {"x": [null, "y"]}, true]"#.utf8)
        for end in 1..<list.count {
            let cut = Array(list[..<end])
            cut.withUnsafeBufferPointer { bytes in
                guard let start = bytes.baseAddress,
                    var items = Items(Value(kind: .array, count: Int32(end), start: start))
                else { return }
                var isRefused = false
                do { while try items.next() {} } catch { isRefused = true }
                #expect(isRefused, "\(end)")
            }
        }
    }
}
