import EventLog
import FoundationEssentials
import Kernel
import Vault

/// Reads events as if nothing were sealed, and as if all had the shape of today: open, upcast, and then decode. What
/// cannot be opened, because its person was erased, is absent.
struct Opening: Sendable {
    /// Of the persons whom the events concern.
    var keys: [UUID: PersonKey] = [:]
    /// What became of older shapes of events.
    var upcasts = Upcasts.none

    /// The event with what is personal in its place, in its newest shape.
    /// - Throws: where it is no event that this version can read.
    func stored(_ event: RecordedEvent) throws -> Stored {
        var stored = Stored(type: event.type, schema: event.schema, data: try JSON(parsing: event.data))
        for part in try parts(of: event, .data) { stored = stored.completed(by: part) }
        return upcasts.newest(stored)
    }

    /// From where the request came that caused it: `address`, `agent`; nil where that is not known or not any more.
    func origin(_ event: RecordedEvent) throws -> JSON? { try parts(of: event, .caller).first }

    private func parts(of event: RecordedEvent, _ kind: SealedPart.Kind) throws -> [JSON] {
        guard let sealed = event.private else { return [] }
        var opened: [JSON] = []
        let place = SealingPlace(
            organization: event.organization, stream: event.stream, version: event.version, type: event.type.utf8,
            schema: event.schema)
        try sealed.withUnsafeBytes { bytes in
            try SealedParts.walk(bytes) { part in
                guard part.kind == kind, let plain = keys[part.person]?.open(part, at: place) else { return }
                opened.append(try JSON(parsing: plain))
            }
        }
        return opened
    }
}

extension Commands {
    /// What is needed to read these events of one organization.
    func opening(_ events: some Sequence<RecordedEvent>, _ organization: UUID) async throws(Problem) -> Opening {
        var persons: Set<UUID> = []
        for sealed in events.lazy.compactMap(\.private) { persons.formUnion((try? SealedParts.persons(sealed)) ?? []) }
        var opening = Opening(upcasts: upcasts)
        if persons.isEmpty { return opening }
        for (person, standing) in try await standings(of: persons, organization) {
            if case .held(let key) = standing { opening.keys[person] = key }
        }
        // The log knows it first: a key that is remembered, or not destroyed yet, opens nothing of the erased.
        for event in events where event.type == Erasure.type {
            opening.keys[event.stream] = nil
            self.persons.forget(organization, event.stream)
        }
        return opening
    }
}
