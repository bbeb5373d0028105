import Kernel

/// Which member each user of another CRM is: the one with the same address, else the only one of the same name.
struct ForeignOwners {
    /// Members by the keys of users, by addresses and by names.
    private var ids: [String: String] = [:]
    private var names: [String: [String]] = [:]
    /// Users that no member is, by name: they become members.
    private(set) var unmatched: [String] = []

    init(_ colleagues: [FolderImport.Colleague]) {
        for one in colleagues {
            if let email = one.email.flatMap({ Normal.key($0) }) { ids[email] = one.id }
            if let name = Normal.key(one.name) { names[name, default: []].append(one.id) }
        }
        for (name, found) in names where found.count == 1 && ids[name] == nil { ids[name] = found[0] }
    }

    /// Looks who the users of a table are.
    mutating func know(_ survey: Survey) {
        let id = survey.column("id", "owner_id", "user_id", "hubspot_owner_id")
        let (email, name) = (survey.column("email"), survey.column("name"))
        let (first, last) = (survey.column("first_name"), survey.column("last_name"))
        for (_, fields) in survey.rows {
            guard let key = Normal.key(Survey.cell(fields, id)) else { continue }
            let parts = [Survey.cell(fields, first), Survey.cell(fields, last)].filter { !$0.isEmpty }
            let given = Survey.cell(fields, name)
            let called = given.isEmpty ? parts.joined(separator: " ") : given
            let member =
                Normal.key(Survey.cell(fields, email)).flatMap { ids[$0] } ?? Normal.key(called).flatMap { ids[$0] }
            if let member { ids[key] = member } else { unmatched.append(called.isEmpty ? key : called) }
        }
    }

    /// As a request to open an import takes them.
    var same: JSON {
        .array(
            ids.sorted { $0.key < $1.key }.prefix(20_000).map {
                ["entity": "member", "key": .string($0.key), "id": .string($0.value)]
            })
    }
}
