import FoundationEssentials
import Kernel

extension Policy {
    /// A stage that is retired sends its open deals to its target. Deals that are closed or put away stay: they are
    /// history, and one that is taken out again goes on by itself (`Deal`).
    ///
    /// The table need not be newer than the event: from the event on, no deal comes into the stage, because whoever
    /// decides to move one there has read the pipeline.
    static let stageRetirement = Policy(
        name: "stage_retirement", events: ["pipeline.stage_retired"],
        lookup: {
            Lookup(projections: ["deals"], statement: SQL.openDealsInStages, ids: targets($0).keys.sorted())
        },
        react: { happening, deals in
            let targets = targets(happening)
            return deals.compactMap { deal in
                guard let target = targets[deal.of] else { return nil }
                return Ask("deal", .id(deal.id), "move", ["stage_id": .string(target.text)], ifMatch: deal.version)
            }
        })

    /// Where the deals of which stage go.
    private static func targets(_ happening: Happening) -> [UUID: UUID] {
        (happening.event.data["retired"]?.object ?? [:]).reduce(into: [:]) { targets, pair in
            guard let stage = UUID(text: pair.key), let target = pair.value.string.flatMap(UUID.init(text:))
            else { return }
            targets[stage] = target
        }
    }
}
