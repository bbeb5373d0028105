import FoundationEssentials
import Kernel
import Vault

/// What an organization of the benchmark holds, and the events that say so.
///
/// Each account is created, each contact created at an account, each deal opened, moved twice and, three of five, won
/// or lost. Names, addresses and titles are sealed, each under its record's own key. Event N says the same in every
/// run; all are recorded now and happened within the last two years, as after an import.
struct Company {
    /// How many records of each kind.
    struct Size: Sendable {
        let contacts: Int
        let accounts: Int
        let deals: Int
        /// With the events of deals.
        var events: Int { accounts + contacts + deals * 4 }
    }

    let id: UUID
    let owner: UUID
    let pipeline: UUID
    /// The open ones, and the first that is won and lost.
    let stages: (open: [UUID], won: UUID, lost: UUID)
    let size: Size
    /// When its last event was recorded that is there already.
    let recorded: Instant

    /// An event, as it is written.
    struct Line {
        let stream: UUID
        let version: Int32
        let type: String
        let data: String
        /// What is sealed of it.
        var personal: String?
        let occurred: Int64
    }

    private static let first = [
        "Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Margaret", "Niklaus", "Frances", "Tony", "Jörg", "Zoë",
    ]
    private static let syllables = [
        "ka", "ro", "mi", "ne", "lu", "san", "der", "fel", "tor", "wick", "bach", "holm", "stra", "ven", "qui", "por",
    ]
    private static let industries = ["shipping", "software", "retail", "energy", "health", "finance", "education"]
    private static let sources = ["web", "referral", "event", "partner", "cold_call"]

    // MARK: - Who is there?

    private func id(_ number: Int, _ kind: Int) -> UUID {
        var dice = Dice(seed: number * 8 + kind)
        let (high, low) = dice.words()
        let own = UInt64(truncatingIfNeeded: id.hashed)
        return UUID.v7(at: DealLog.start, random: (high ^ own, low ^ own))
    }
    func account(_ number: Int) -> UUID { id(number, 1) }
    func contact(_ number: Int) -> UUID { id(number, 2) }
    func deal(_ number: Int) -> UUID { id(number, 3) }
    /// The records that have a key of their own.
    var persons: Int { size.contacts + size.deals }
    func person(_ number: Int) -> UUID {
        number < size.contacts ? contact(number) : deal(number - size.contacts)
    }
    func key(_ person: UUID) -> [UInt8] {
        var dice = Dice(seed: Int(truncatingIfNeeded: person.hashed))
        return dice.bytes(PersonKey.length)
    }

    // MARK: - What happened?

    /// The n-th of its events.
    func line(_ number: Int) -> Line {
        var dice = Dice(seed: number)
        // The later, the nearer to now.
        let age = Int64(size.events - number) * (63_072_000_000_000 / Int64(size.events)) + 1_000_000
        let at = recorded.microseconds - age
        if number < size.accounts { return accountLine(number, at, &dice) }
        if number < size.accounts + size.contacts { return contactLine(number - size.accounts, at, &dice) }
        let rest = number - size.accounts - size.contacts
        // Deals go side by side: all are opened before the first one moves.
        return dealLine(rest % size.deals, Int32(rest / size.deals) + 1, at, &dice)
    }

    private static func pick<T>(_ all: [T], _ dice: inout Dice) -> T { all[Int(dice.next() % UInt64(all.count))] }
    private static func word(_ dice: inout Dice) -> String {
        let word = (0..<3).map { _ in pick(syllables, &dice) }.joined()
        return word.prefix(1).uppercased() + word.dropFirst()
    }

    private func accountLine(_ number: Int, _ at: Int64, _ dice: inout Dice) -> Line {
        let name = "\(Self.word(&dice)) \(Self.word(&dice))"
        let lifecycle = Self.pick(["lead", "prospect", "customer"], &dice)
        let data =
            #"{"name":"\#(name)","lifecycle":"\#(lifecycle)","industry":"\#(Self.pick(Self.industries, &dice))","#
            + #""employee_count":\#(dice.next() % 5_000),"owner_id":"\#(owner.text)","#
            + #""website":"https://\#(name.lowercased().replacing(" ", with: "-")).example"}"#
        return Line(stream: account(number), version: 1, type: "account.created", data: data, occurred: at)
    }

    private func contactLine(_ number: Int, _ at: Int64, _ dice: inout Dice) -> Line {
        let (first, last) = (Self.pick(Self.first, &dice), Self.word(&dice))
        let address = "\(last.lowercased()).\(number)@mail.example"
        let place = account(number % size.accounts).text
        let data =
            #"{"status":"active","lead_source":"\#(Self.pick(Self.sources, &dice))","#
            + #""lead_score":\#(dice.next() % 100),"owner_id":"\#(owner.text)","primary_account_id":"\#(place)","#
            + #""affiliations":{"\#(place)":{"role":"buyer","primary":true}}}"#
        let personal =
            #"{"first_name":"\#(first)","last_name":"\#(last)","title":"\#(Self.pick(Self.industries, &dice)) buyer","#
            + #""emails":{"\#(id(number, 4).text)":{"address":"\#(address)","primary":true}},"#
            + #""primary_email":"\#(address)"}"#
        return Line(
            stream: contact(number), version: 1, type: "contact.created", data: data, personal: personal, occurred: at)
    }

    private func dealLine(_ number: Int, _ version: Int32, _ at: Int64, _ dice: inout Dice) -> Line {
        let day = Day(number: Int32(at / 86_400_000_000)).text
        let (type, data): (String, String) =
            switch (version, number % 5) {
            case (1, _): ("deal.opened", opened(number, day, &dice))
            case (2, _): ("deal.moved", moved(0, 1))
            case (4, 0...1):
                (
                    "deal.won",
                    #"{"from":"\#(stages.open[2].text)","stage_id":"\#(stages.won.text)","actual_close":"\#(day)"}"#
                )
            case (4, 2):
                (
                    "deal.lost",
                    #"{"from":"\#(stages.open[2].text)","stage_id":"\#(stages.lost.text)","actual_close":"\#(day)"}"#
                )
            case (4, _): ("deal.moved", moved(2, 3))
            case _: ("deal.moved", moved(1, 2))
            }
        let personal = version == 1 ? #"{"title":"\#(Self.word(&dice)) \#(Self.word(&dice))"}"# : nil
        return Line(
            stream: deal(number), version: version, type: type, data: data, personal: personal, occurred: at)
    }

    private func moved(_ from: Int, _ to: Int) -> String {
        #"{"from":"\#(stages.open[from].text)","to":"\#(stages.open[to].text)"}"#
    }
    private func opened(_ number: Int, _ day: String, _ dice: inout Dice) -> String {
        #"{"pipeline_id":"\#(pipeline.text)","stage_id":"\#(stages.open[0].text)","owner_id":"\#(owner.text)","#
            + #""amount":{"minor":\#(dice.next() % 10_000_000),"currency":"USD"},"expected_close":"\#(day)","#
            + #""account_id":"\#(account(number % size.accounts).text)","#
            + #""primary_contact_id":"\#(contact(number % size.contacts).text)","#
            + #""source":"\#(Self.pick(Self.sources, &dice))"}"#
    }
}

extension UUID {
    /// Bits of it that differ between any two.
    fileprivate var hashed: UInt64 {
        withUnsafeBytes(of: uuid) { bytes in
            bytes.loadUnaligned(as: UInt64.self) &* 0x9E37_79B9_7F4A_7C15
                ^ bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        }
    }
}
