import Foundation
import Kernel
import Testing
import Vault

/// The folder of shared data: `DAYBOOK_SHARED`, else the one beside the package.
private let shared: URL = {
    if let stated = ProcessInfo.processInfo.environment["DAYBOOK_SHARED"] { return URL(fileURLWithPath: stated) }
    let package = URL(fileURLWithPath: #filePath).appending(path: "../../..").standardizedFileURL
    return package.appending(path: "../shared").standardizedFileURL
}()
private let file = shared.appending(path: "data/vectors/wycheproof/hmac_sha256_test.json")

@Suite struct WycheproofTests {
    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: file.path),
            "the vectors are not here: DAYBOOK_SHARED names their folder"))
    func `each vector's code is verified or refused as it says`() throws {
        let vectors = try JSON(parsing: [UInt8](Data(contentsOf: file)))
        var count = 0
        for group in vectors["testGroups"]?.array ?? [] {
            let tag = Int(group["tagSize"]?.integer ?? 0) / 8
            for test in group["tests"]?.array ?? [] {
                let key = try hex(#require(test["key"]?.string))
                let message = try hex(#require(test["msg"]?.string))
                let stated = try hex(#require(test["tag"]?.string))
                let isValid = test["result"]?.string == "valid"
                // Some groups cut the code; the comparison is ours all the same.
                let own = Array(HMAC.code(message, key: key).prefix(tag))
                #expect(isEqual(own, stated) == isValid, "vector \(test["tcId"]?.integer ?? 0)")
                count += 1
            }
        }
        #expect(count == vectors["numberOfTests"]?.integer.map(Int.init))
    }
}

func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
