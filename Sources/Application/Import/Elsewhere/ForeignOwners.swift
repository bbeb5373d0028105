import Kernel

/// Which member each user of another CRM is: the one with the same address, else the only one of the same name. Tables
/// name a user by the key in the table of users, or by address or name.
struct ForeignOwners {
    /// Whom a text means.
    private enum Owner: Hashable {
        /// A member, by its id.
        case member(String)
        /// A user who becomes a member, by the key there.
        case user(String)
    }
    /// By keys of users, by addresses and by names.
    private var owners: [String: Owner] = [:]
    /// Users that no member is, by name: they become members.
    private(set) var unmatched: [String] = []

    init(_ colleagues: [FolderImport.Colleague]) {
        name(colleagues.map { (.member($0.id), $0.email) })
        name(colleagues.map { (.member($0.id), $0.name) })
    }

    /// Looks who the users of a table are.
    mutating func know(_ survey: Survey) throws(CSV.Unreadable) {
        let id = survey.column("systemuserid", "id", "owner_id", "user_id", "hubspot_owner_id")
        let email = survey.column("email", "internalemailaddress", "email1", "email_address")
        let (name, login) = (survey.column("name", "fullname"), survey.column("username", "user_name"))
        let (first, last) = (survey.column("first_name"), survey.column("last_name"))
        var found: [(owner: Owner, names: [String])] = []
        try survey.each { _, fields in
            guard let key = Survey.key(fields, id) else { return }
            let parts = [Survey.cell(fields, first), Survey.cell(fields, last)].filter { !$0.isEmpty }
            let given = Survey.cell(fields, name)
            let called = given.isEmpty ? parts.joined(separator: " ") : given
            let names = [Survey.cell(fields, email), called]
            let known = names.compactMap { Normal.key($0) }.compactMap { owners[$0] }.first
            if known == nil { unmatched.append(called.isEmpty ? key : called) }
            let owner = known ?? .user(key)
            owners[key] = owner
            found.append((owner, names + [Survey.cell(fields, login)]))
        }
        for place in 0..<3 { self.name(found.map { ($0.owner, $0.names[place]) }) }
    }

    /// Lets texts mean these, where each means one of them and nobody else yet.
    private mutating func name(_ names: [(owner: Owner, text: String?)]) {
        var meant: [String: Set<Owner>] = [:]
        for (owner, text) in names {
            if let key = text.flatMap({ Normal.key($0) }), !key.isEmpty { meant[key, default: []].insert(owner) }
        }
        for (key, all) in meant where all.count == 1 && owners[key] == nil { owners[key] = all.first }
    }

    /// The member that a user is, by the key there.
    func member(_ key: String) -> String? {
        guard case .member(let id)? = Normal.key(key).flatMap({ owners[$0] }) else { return nil }
        return id
    }

    /// As a request to open an import takes them.
    var same: JSON {
        .array(
            owners.sorted { $0.key < $1.key }.compactMap { text, owner -> JSON? in
                switch owner {
                case .member(let id): ["entity": "member", "key": .string(text), "id": .string(id)]
                case .user(let key):
                    key == text ? nil : ["entity": "member", "key": .string(text), "as": .string(key)]
                }
            }.prefix(20_000).map { $0 })
    }
}
