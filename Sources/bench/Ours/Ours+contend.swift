import EventLog

extension Ours {
    /// Writers who all change the same fifty records of one log. Who was too late is told `.moved`, reads what
    /// happened, decides again and tries again, as a server does.
    func contend(_ writers: Int, over tenant: Tenant, for duration: Duration) async throws -> Sample {
        let records = HotRecords(count: 50)
        let refusals = Counter()
        var sample = try await measure(writers, for: duration) {
            var dice = Dice(seed: Seeds.next())
            return { [self] in
                let number = records.any(&dice)
                while try await isMoved(number, among: records, of: tenant, &dice) { refusals.next() }
            }
        }
        sample.notes["moved for each"] = Double(refusals.value) / max(sample.perSecond * duration.inSeconds, 1)
        return sample
    }

    /// Whether a change came too late; then what happened has been read.
    private func isMoved(
        _ number: Int, among records: HotRecords, of tenant: Tenant, _ dice: inout Dice
    ) async throws -> Bool {
        let known = records[number]
        let unit = tenant.unit(for: known.stream, after: known.version, readAt: known.readAt, &dice)
        do throws(AppendError) {
            let receipt = try await appender.append(unit)
            records.learn(number, version: known.version + 1, readAt: receipt.last)
            return false
        } catch {
            guard case .moved = error else { throw error }
        }
        let head = try await reader.head(tenant.id).position
        let later = try await reader.stream(tenant.id, known.stream, after: known.version)
        records.learn(number, version: later.last?.version ?? known.version, readAt: head)
        return true
    }
}
