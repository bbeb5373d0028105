public import Kernel

/// Stages that a pipeline can begin with, instead of its own.
public enum PipelineTemplate: String, Sendable, CaseIterable {
    /// AscendoreCRM's six stages.
    case ascendore
    /// TrailTrack CRM's six stages.
    case trailtrack

    /// What people call it.
    public var title: String {
        switch self {
        case .ascendore: "Prospecting to closed (AscendoreCRM)"
        case .trailtrack: "New to closed (TrailTrack CRM)"
        }
    }

    /// As a body of `create` gives stages, in their order.
    public var stages: [JSON] {
        switch self {
        case .ascendore:
            [
                Self.open("Prospecting", 10), Self.open("Qualification", 25), Self.open("Proposal", 50),
                Self.open("Negotiation", 75), Self.end("Closed Won", .won), Self.end("Closed Lost", .lost),
            ]
        case .trailtrack:
            [
                Self.open("New", 10), Self.open("Qualified", 25), Self.open("Proposal", 50),
                Self.open("Negotiation", 75), Self.end("Closed-Won", .won), Self.end("Closed-Lost", .lost),
            ]
        }
    }

    private static func open(_ name: String, _ probability: Int64) -> JSON {
        ["name": .string(name), "kind": "open", "probability": .integer(probability)]
    }
    private static func end(_ name: String, _ kind: Stage.Kind) -> JSON {
        [
            "name": .string(name), "kind": .string(kind.rawValue),
            "probability": .integer(kind == .won ? 100 : 0),
        ]
    }
}
