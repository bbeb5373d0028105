import EventLog
import Foundation
import Kernel
import Testing

/// Proofs of transparency-dev/merkle, true and false ones: `$DAYBOOK_SHARED/data/vectors/rfc6962`.
@Suite struct VectorTests {
    private static let folder =
        (ProcessInfo.processInfo.environment["DAYBOOK_SHARED"] ?? "../shared") + "/data/vectors/rfc6962"
    static var isThere: Bool { FileManager.default.fileExists(atPath: folder) }

    private static func vectors(_ kind: String) throws -> [(name: String, vector: JSON)] {
        let root = "\(folder)/\(kind)"
        let names = (FileManager.default.enumerator(atPath: root)?.allObjects as? [String] ?? [])
            .filter { $0.hasSuffix(".json") }
        return try names.sorted().map { name in
            let data = try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(name)"))
            return (name, try JSON(parsing: Array(data)))
        }
    }
    private static func bytes(_ value: JSON?) -> [UInt8] {
        value?.string.flatMap { Data(base64Encoded: $0) }.map { Array($0) } ?? []
    }
    private static func path(_ vector: JSON) -> [[UInt8]] { (vector["proof"]?.array ?? []).map { bytes($0) } }

    @Test(.enabled(if: isThere, "the vectors of ../shared are not here"))
    func `inclusion proofs are judged as others judge them`() throws {
        let vectors = try Self.vectors("inclusion")
        #expect(vectors.count > 20)
        for (name, vector) in vectors {
            let proof = InclusionProof(
                index: vector["leafIdx"]?.integer ?? -1, size: vector["treeSize"]?.integer ?? -1,
                path: Self.path(vector))
            let holds = proof.verifies(leaf: Self.bytes(vector["leafHash"]), root: Self.bytes(vector["root"]))
            #expect(holds != vector["wantErr"]?.bool, "\(name): \(vector["desc"]?.string ?? "")")
        }
    }

    @Test(.enabled(if: isThere, "the vectors of ../shared are not here"))
    func `consistency proofs are judged as others judge them`() throws {
        let vectors = try Self.vectors("consistency")
        #expect(vectors.count > 20)
        for (name, vector) in vectors {
            let proof = ConsistencyProof(
                from: vector["size1"]?.integer ?? -1, to: vector["size2"]?.integer ?? -1, path: Self.path(vector))
            let holds = proof.verifies(old: Self.bytes(vector["root1"]), new: Self.bytes(vector["root2"]))
            #expect(holds != vector["wantErr"]?.bool, "\(name): \(vector["desc"]?.string ?? "")")
        }
    }
}
