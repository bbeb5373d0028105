import Kernel

/// What becomes of an address that one record has and another is given: a setting of the organization.
public enum EmailPolicy: String, Sendable, CaseIterable {
    /// It is refused, and told who has it.
    case reject
    /// Both have it, and who gives it is told who had it.
    case warn
    /// Both have it.
    case allow

    /// What is ruled by it, as scopes of claims: the addresses of those one deals with. A member's is what she signs in
    /// with, and hers alone under any policy.
    public static let scopes: Set = ["contact.email"]

    /// As the organization has set it; `reject` where it has not.
    public init(_ organization: Organization.State) {
        self = organization?.text(Self.field.name).flatMap(EmailPolicy.init(rawValue:)) ?? .reject
    }

    /// The organization's field.
    static let field = Field("email_policy", .choice(allCases.map(\.rawValue)))
}
