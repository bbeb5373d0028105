import FoundationEssentials
import Kernel

// Shapes of fields and small steps on records that several entities use.

extension Field {
    /// Several lines about a record; searched last.
    static let description = Field("description", .paragraph(10_000)).personal().searchable(.d)
    /// Who looks after it.
    static let owner = Field("owner_id", .reference("member"))
    /// What the organization defined for itself.
    static let custom = Field("custom", .custom)

    // What leads and contacts tell of a person alike: the one becomes the other.

    /// "Ada".
    static let firstName = Field("first_name", .text(100)).personal().searchable(.a)
        .known(as: [.salesforce: "first_name", .dynamics: "firstName", .suitecrm: "first_name", .hubspot: "firstname"])
    /// "Lovelace".
    static let lastName = Field("last_name", .text(100)).personal().searchable(.a)
        .known(as: [.salesforce: "last_name", .dynamics: "lastName", .suitecrm: "last_name", .hubspot: "lastname"])
    /// What she is where she works.
    static let jobTitle = Field("title", .text(100)).personal().searchable(.c)
        .known(as: [.salesforce: "title", .dynamics: "jobTitle", .suitecrm: "title", .hubspot: "jobtitle"])
    /// Where she is called at work.
    static let phone = Field("phone", .phone).personal()
        .known(as: [.salesforce: "phone", .dynamics: "telephone1", .suitecrm: "phone_work", .hubspot: "phone"])
    /// Where she is called on her way.
    static let mobile = Field("mobile", .phone).personal()
        .known(as: [
            .salesforce: "mobile_phone", .dynamics: "mobilePhone", .suitecrm: "phone_mobile", .hubspot: "mobilephone",
        ])
}

extension Field.Kind {
    /// One line of a name or a heading.
    static let line = text(200)
    /// Where letters and parcels go.
    static let address = object([
        Field("street", .paragraph(200)), Field("city", .text(100)), Field("state", .text(100)),
        Field("postal_code", .text(20)), Field("country", .text(100)),
    ])
}

extension [Field] {
    /// The same fields, but a body may leave out any.
    var optional: [Field] { map { $0.optional() } }
    /// The same fields, but these cannot be cleared: they have a default when a record begins.
    func keeping(_ names: String...) -> [Field] { map { names.contains($0.name) ? $0.required() : $0 } }
}

extension Record {
    /// The same record with values where it has none.
    func with(defaults: [String: JSON]) -> Record { Record(defaults.merging(values) { $1 }) }
    /// Sets one field; nil clears it.
    mutating func set(_ name: String, _ value: JSON?) { merge(Patch([name: value ?? .null]), []) }
    mutating func set(_ name: String, _ id: UUID?) { set(name, id.map { .string($0.text) }) }
    mutating func set(_ name: String, _ flag: Bool) { set(name, JSON.bool(flag)) }
    mutating func set(_ name: String, _ text: String?) { set(name, text.map { .string($0) }) }
}

extension Patch {
    /// What differs of whole entries by key: those that are new or changed, and null for those that went.
    init(of new: [String: [String: JSON]], from old: [String: [String: JSON]]) {
        let changed = new.filter { old[$0.key] != $0.value }.mapValues { JSON.object($0) }
        let gone = old.filter { new[$0.key] == nil }.mapValues { _ in JSON.null }
        self.init(changed.merging(gone) { $1 })
    }
}

extension Body {
    /// One member as a change, absent meaning cleared.
    func change(of name: String) -> Patch { Patch([name: values[name] ?? .null]) }
}
