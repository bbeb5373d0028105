import CRM
import FoundationEssentials
import Kernel
import Vault

// MARK: What lies on a record?

extension Demonstration {
    /// The offer on the deal of several products.
    func attach(by attachments: Attachments) async throws(Problem) {
        let id = keys.importID(source: Self.source, entity: Attachment.name, externalID: "offer")
        guard try await commands.existing([id], in: caller.organization).isEmpty else { return }
        let received = try await attachments.receive(Array(Self.offer.utf8), in: caller.organization, as: id)
        _ = try await attachments.add(
            received,
            [
                "filename": "Offer Dunlin Energy.txt", "description": "As sent in the first round",
                "subject": ["entity": .string(Deal.name), "id": self.id(Deal.name, "fitting")],
            ], declaredType: "text/plain", by: caller)
    }

    private static let offer = """
        Offer to Dunlin Energy

        40 Sensor Kits, 5 % off
         2 Gateways

        Delivery within six weeks. Valid for thirty days.

        """
}
