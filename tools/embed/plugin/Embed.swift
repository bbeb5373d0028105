import Foundation
import PackagePlugin

/// Turns a target's `.sql` files into constants; for `Shipped`, all of `schemas/`, `projections/`, `demo/` and `mail/`
/// but the schemas of events, which are for readers of the log: the code that they are derived from is in the binary
/// already.
@main
struct Embed: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        guard let module = target as? any SourceModuleTarget else { return [] }
        let package = context.package.directoryURL
        let own = module.sourceFiles.filter { $0.url.pathExtension == "sql" }.map(\.url)
        let shipped = target.name == "Shipped" ? files(in: package, ["schemas", "projections", "demo", "mail"]) : []
        let inputs = (own + shipped).sorted { $0.path < $1.path }
        let output = context.pluginWorkDirectoryURL.appending(path: "Embedded.swift")
        return [
            .buildCommand(
                displayName: "Embedding files of \(target.name)",
                executable: try context.tool(named: "embed").url,
                arguments: [target.name == "Shipped" ? "files" : "sql", output.path, package.path] + inputs.map(\.path),
                inputFiles: inputs,
                outputFiles: [output])
        ]
    }

    private func files(in package: URL, _ folders: [String]) -> [URL] {
        folders.flatMap { folder -> [URL] in
            let all = FileManager.default.enumerator(
                at: package.appending(path: folder), includingPropertiesForKeys: nil)
            return (all?.compactMap { $0 as? URL } ?? []).filter {
                !$0.hasDirectoryPath && !$0.pathExtension.isEmpty && !$0.path.contains("/schemas/events/")
            }
        }
    }
}
