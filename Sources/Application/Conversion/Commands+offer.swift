import CRM
import EventLog
public import FoundationEssentials
import Kernel
import Vault

/// What a lead may become, as far as the log tells: what would be made of it, and whom its address belongs to.
public struct ConversionOffer: Sendable {
    let lead: UUID
    let version: Int32
    let record: Record
    /// Contacts who have the lead's address: one, unless the organization lets several have it.
    let contacts: [UUID]

    /// What converting makes where no record that is there is named, by entity; null where the lead tells too little.
    var made: JSON {
        let wish = Conversion(Body(["deal": [:]]))
        let isCompany = record["company"] != nil
        return [
            "account": isCompany ? .object(wish.newAccount(of: record)) : .null,
            "contact": wish.makesContact(of: record)
                ? .object(wish.newContact(of: record, at: nil)) : .null,
            "deal": .object(wish.newDeal(of: record, at: nil, with: nil)),
        ]
    }
    /// The lead itself, with what it became where it is converted.
    var told: JSON {
        var members: [String: JSON] = ["id": .string(lead.text), "version": .integer(Int64(version))]
        for name in ["status", "account_id", "contact_id", "deal_id"] { members[name] = record[name] ?? .null }
        return .object(members)
    }
}

extension Commands {
    /// What a lead may become; nothing is written.
    /// - Throws: `lead.not_found`, `person.erased`.
    public func offer(_ lead: UUID, by caller: Caller) async throws(Problem) -> ConversionOffer {
        let (record, version) = try await present(Lead.self, lead, by: caller)
        var contacts: [UUID] = []
        if let email = record["email"]?.string {
            let keys = try await organizationKeys(of: caller.organization)
            let digest = keys.claimDigest(scope: "contact.email", value: email)
            do {
                contacts = try await reader.holders(caller.organization, [("contact.email", digest)]).map(\.stream)
            } catch { throw .unavailable }
        }
        return ConversionOffer(lead: lead, version: version, record: record, contacts: contacts)
    }
}
