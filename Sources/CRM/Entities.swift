public import Kernel

/// All kinds of records there are. Routes, import mappings, permissions and the fuzzer are generic over this list.
public let entities: [any Entity.Type] = [
    Organization.self, Member.self, Team.self, Account.self, Contact.self, Lead.self, Product.self, Pipeline.self,
    Deal.self, Rate.self, Interaction.self, WorkTask.self, Note.self, Tag.self, Campaign.self, CampaignMember.self,
    Project.self, Attachment.self, FieldSet.self,
]

/// The shapes of all events there are.
public let eventShapes: [EventShape] = entities.flatMap { $0.eventShapes } + [Erasure.shape]
/// What became of older shapes of events, of all entities.
public let upcasts = Upcasts(entities.map { $0.upcasts })

private let names = Dictionary(uniqueKeysWithValues: entities.map { ($0.name, $0) })
private let personal = Dictionary(uniqueKeysWithValues: entities.map { ($0.name, $0.personalNames) })
private let ofRecords = Dictionary(uniqueKeysWithValues: entities.map { ($0.name, $0.sealedByRecord) })
private let plurals = Dictionary(uniqueKeysWithValues: entities.map { ($0.plural, $0) })

/// The names of entities whose records can be merged.
public let mergeables = Set(entities.filter { $0 is any Mergeable.Type }.map { $0.name })

/// The entity of a name: `deal`.
public func entity(named name: String) -> (any Entity.Type)? { names[name] }
/// The members of an entity's events that are personal.
public func personalNames(of entity: String) -> Set<String> { personal[entity] ?? [] }
/// Those of them that are sealed under the record's own key, whoever else it tells of.
public func namesSealedByRecord(of entity: String) -> Set<String> { ofRecords[entity] ?? [] }
/// The entity of a path: `deals`.
public func entity(plural: String) -> (any Entity.Type)? { plurals[plural] }
