import Foundation

/// `embed sql|files OUTPUT PACKAGE FILE…`: writes one Swift file that holds the texts of the files.
/// `sql` names a constant after each file (`read_stream.sql` is `SQL.readStream`); `files` keys them by path.
let (mode, output, package) = (CommandLine.arguments[1], CommandLine.arguments[2], CommandLine.arguments[3])

func literal(_ path: String) throws -> String {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    return "###\"\"\"\n\(text)\n\"\"\"###"
}
func constant(_ path: String) -> String {
    let words = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent.split(separator: "_")
    return words.dropFirst().reduce(String(words[0])) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
}

var lines: [String] = []
switch mode {
case "sql":
    lines.append("/// The named statements of this module, one file each.\nenum SQL {")
    for file in CommandLine.arguments.dropFirst(4) {
        lines.append("static let \(constant(file)) = \(try literal(file))")
    }
default:
    lines.append("extension Shipped {\nstatic let embedded: [String: String] = [")
    for file in CommandLine.arguments.dropFirst(4) {
        lines.append("\"\(file.dropFirst(package.count + 1))\": \(try literal(file)),")
    }
    lines.append(CommandLine.arguments.count > 4 ? "]" : ":]")
}
lines.append("}")
try lines.joined(separator: "\n").write(toFile: output, atomically: true, encoding: .utf8)
