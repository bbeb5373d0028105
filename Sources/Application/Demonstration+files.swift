import CRM
import FoundationEssentials
import Kernel
import Vault

// MARK: What lies on a record?

extension Demonstration {
    /// The offer on the deal of several products, and what came by mail.
    func attach(by attachments: Attachments) async throws(Problem) {
        try await attach(
            Array(Self.offer.utf8), as: "offer",
            [
                "filename": "Offer Dunlin Energy.txt", "description": "As sent in the first round",
                "subject": ["entity": .string(Deal.name), "id": id(Deal.name, "fitting")],
            ], declaredType: "text/plain", by: attachments)
        try await keepMail(in: attachments)
    }

    /// What is there already stays as it is.
    func attach(
        _ bytes: [UInt8], as name: String, _ members: [String: JSON], declaredType: String,
        by attachments: Attachments
    ) async throws(Problem) {
        let id = keys.importID(source: Self.source, entity: Attachment.name, externalID: name)
        guard try await commands.existing([id], in: caller.organization).isEmpty else { return }
        let received = try await attachments.receive(bytes, in: caller.organization, as: id)
        _ = try await attachments.add(received, members, declaredType: declaredType, by: caller)
    }

    private static let offer = """
        Offer to Dunlin Energy

        40 Sensor Kits, 5 % off
         2 Gateways

        Delivery within six weeks. Valid for thirty days.

        """
}
