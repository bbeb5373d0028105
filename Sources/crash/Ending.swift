import Dispatch
import Foundation
import Synchronization

/// How the program ends when it does not end by itself.
enum Ending {
    /// A run that takes so long hangs.
    private static let patience = Duration.seconds(150)

    /// Whoever interrupts leaves no cluster behind.
    static func destroyOnSignals(_ lanes: [Lane]) {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { leave(lanes, 128 + number) }
            source.activate()
            sources.withLock { $0.append(Source(source)) }
        }
    }

    /// Ends everything, with the run's seed, unless it is cancelled in time.
    static func watch(_ seed: UInt64, _ lanes: [Lane]) -> Task<Void, Never> {
        Task {
            guard (try? await Task.sleep(for: patience)) != nil else { return }
            print("seed \(seed): stuck: it has not ended after \(patience)")
            leave(lanes, 2)
        }
    }

    private static func leave(_ lanes: [Lane], _ code: Int32) {
        Task {
            for lane in lanes { await lane.destroy() }
            exit(code)
        }
    }

    /// `@unchecked Sendable`: it is only kept.
    private final class Source: @unchecked Sendable {
        private let source: any DispatchSourceSignal
        init(_ source: any DispatchSourceSignal) { self.source = source }
    }
    private static let sources = Mutex<[Source]>([])
}
