import FoundationEssentials
import Kernel

/// Someone who asks one thing after another, notes each in the journal, and repeats what got no answer under its key.
struct Client: Sendable {
    private let name: String
    private let households: [Household]
    private var dice: Dice
    private var own: [(household: Household, id: UUID)] = []
    private var count = 0

    init(_ name: String, _ households: [Household], _ dice: Dice) {
        (self.name, self.households, self.dice) = (name, households, dice)
    }

    /// Carries out so many errands, with what goes wrong on the way.
    mutating func work(_ errands: Int, with crew: Crew, _ journal: Journal) async {
        for _ in 0..<errands {
            let errand = next()
            await journal.asks(errand)
            // Some give up early: what they asked is repeated when all is over.
            var patience = Int.random(in: 1...6, using: &dice)
            repeat {
                let reply = await crew.ask(errand, by: Int.random(in: 0..<16, using: &dice))
                if reply.isFinal {
                    await journal.heard(reply, to: errand)
                    learn(reply, errand)
                    break
                }
                patience -= 1
                try? await Task.sleep(for: dice.milliseconds(5...40))
            } while patience > 0
            if dice.once(in: 3) { try? await Task.sleep(for: dice.milliseconds(0...12)) }
        }
    }

    private mutating func learn(_ reply: Reply, _ errand: Errand) {
        guard case .done(let done) = reply, errand.orders.first?.entity == "account", errand.orders[0].id == nil else {
            return
        }
        if let first = done.items.first { own.append((errand.household, first.id)) }
    }

    // MARK: - What is asked?

    private mutating func next() -> Errand {
        count += 1
        let household = households[Int.random(in: households.indices, using: &dice)]
        let key = "\(name)-\(count)"
        var orders = [order(in: household, token: key + "a")]
        // A unit that is torn shows.
        if dice.once(in: 3) {
            for letter in "bcd".prefix(Int.random(in: 1...3, using: &dice)) {
                orders.append(order(in: household, token: key + String(letter)))
            }
        }
        return Errand(key: key, household: household, orders: orders)
    }

    private mutating func order(in household: Household, token: String) -> Errand.Order {
        let text = JSON.string(token)
        switch Int.random(in: 0..<10, using: &dice) {
        case 0..<4:
            return Errand.Order(entity: "account", id: nil, act: "create", body: ["name": text], token: token)
        case 4..<6:
            // All want the same few addresses: who comes late is refused, and the batch that he was in goes on.
            let address = "person\(Int.random(in: 0..<30, using: &dice))@example.com"
            return Errand.Order(
                entity: "contact", id: nil, act: "create",
                body: ["last_name": "Person", "lead_source": text, "email": .string(address)], token: token)
        case 6..<8:
            let mine = own.filter { $0.household.organization == household.organization }
            let id = mine.isEmpty ? household.shared[0] : mine[Int.random(in: mine.indices, using: &dice)].id
            return edit(id, token)
        default:
            return edit(household.shared[Int.random(in: household.shared.indices, using: &dice)], token)
        }
    }

    private func edit(_ id: UUID, _ token: String) -> Errand.Order {
        Errand.Order(entity: "account", id: id, act: "edit", body: ["industry": .string(token)], token: token)
    }
}
