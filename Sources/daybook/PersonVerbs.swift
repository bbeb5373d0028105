import Application
import ArgumentParser
import Foundation
import Kernel
import Projections

/// `daybook person …`.
struct PersonVerbs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "person", abstract: "What is known of a person: tell it, or erase it.",
        discussion: """
            A person is any record that is about one, named by its id: a contact, a member, or an account or a \
            deal that has texts of its own. The server may run meanwhile.
            """,
        subcommands: [Export.self, Erase.self, PersonScrub.self])

    /// `daybook person export`.
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print all that is known of a person, as one JSON document.",
            discussion: "The record as it is, every event about it with who, when and what, and who names it.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @OptionGroup var who: Who

        func run() async throws {
            let reply = try await place.visit(log: Talk.log) { opened in
                try await opened.people(who) { people, id, caller in try await people.export(id, by: caller) }
            }
            print(String(decoding: reply.body, as: UTF8.self))
        }
    }

    /// `daybook person erase`.
    struct Erase: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Erase a person, for ever: destroy the key under which everything personal is sealed.",
            discussion: """
                The log stays as it is, and so do its proofs; nothing of the person can be read in it any more. Once \
                more harms nothing, and finishes what was cut short. `daybook person scrub` then makes it unreadable \
                on the disk, too.
                """)
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @OptionGroup var who: Who

        func run() async throws {
            let erased = try await place.visit(log: Talk.log) { opened in
                try await opened.people(who) { people, id, caller in try await people.erase(id, by: caller) }
            }
            output.result(erased.json) {
                var text = erased.isNew ? "The \(erased.entity) is erased." : "The \(erased.entity) was erased before."
                if !erased.isForgottenByTables {
                    text += " The read tables have not followed yet: erase once more when a server runs."
                }
                let names = erased.mentioning.map { "    \($0)" }.joined(separator: "\n")
                return names.isEmpty ? text : "\(text) These records name it; look whether they should:\n\(names)"
            }
        }
    }

    /// Which person.
    struct Who: ParsableArguments {
        @Argument(help: "The person's id: that of its record.") var id: String
        @Option(help: "The organization's id, where several have the record.") var organization: String?

        static func id(_ text: String) throws -> UUID {
            guard let id = UUID(text: text) else {
                throw Exit(.failed, "An id looks like 0190b6a0-7c1e-7a3f-8d2b-3c4d5e6f7a8b, not \(text).")
            }
            return id
        }
    }
}

extension Opened {
    /// What is done for one person by whoever holds the data. The read tables are fed meanwhile, if nobody else does.
    fileprivate func people<R: Sendable>(
        _ who: PersonVerbs.Who, _ body: @escaping @Sendable (People, UUID, Caller) async throws -> R
    ) async throws -> R {
        let id = try PersonVerbs.Who.id(who.id)
        let named = try who.organization.map { try PersonVerbs.Who.id($0) }
        return try await daybook { daybook in
            let found = try await daybook.people.organizations(of: id)
            guard let organization = named ?? found.first else { throw Exit(.failed, "There is no such person here.") }
            if named == nil, found.count > 1 {
                throw Exit(.failed, "Several organizations have a record of this id; name one with --organization.")
            }
            let projecting = Task { await daybook.projector.run() }
            return try await leaving {
                projecting.cancel()
                await projecting.value
            } after: {
                try await body(daybook.people, id, .operating(on: organization))
            }
        }
    }
}
