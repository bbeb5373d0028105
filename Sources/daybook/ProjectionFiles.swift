import CRM
import Foundation
import Projections
import Shipped

/// Where projections' files come from: the binary, or folders that are named.
enum ProjectionFiles {
    /// Those in the binary.
    static var shipped: [ProjectionFile] {
        Shipped.files(in: "projections").map { ProjectionFile(name: $0.name, text: $0.text) }
    }

    /// Those of files and folders.
    static func read(_ paths: [String]) throws -> [ProjectionFile] {
        try paths.flatMap { path -> [ProjectionFile] in
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw Exit(.failed, "There is no file or folder \(path).")
            }
            guard isFolder.boolValue else { return [try read(path)] }
            let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
            return try names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".sql") }
                .filter { !$0.hasSuffix(".test.yaml") }
                .map { try read("\(path)/\($0)") }
        }
    }

    /// The same, with the tests that stand beside definitions, and the definitions that stand beside tests.
    static func withTests(_ paths: [String]) throws -> [ProjectionFile] {
        var names: [String] = []
        for path in paths {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw Exit(.failed, "There is no file or folder \(path).")
            }
            if isFolder.boolValue {
                names += try FileManager.default.contentsOfDirectory(atPath: path).sorted()
                    .filter { $0.hasSuffix(".yaml") }.map { "\(path)/\($0)" }
            } else {
                let isTest = path.hasSuffix(".test.yaml")
                let beside = path.replacing(isTest ? ".test.yaml" : ".yaml", with: isTest ? ".yaml" : ".test.yaml")
                names += [path, beside].filter { FileManager.default.fileExists(atPath: $0) }
            }
        }
        var known: Set<String> = []
        return try names.filter { known.insert($0).inserted }.map { try read($0) }
    }

    private static func read(_ path: String) throws -> ProjectionFile {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return ProjectionFile(name: URL(fileURLWithPath: path).lastPathComponent, text: text)
    }
}
