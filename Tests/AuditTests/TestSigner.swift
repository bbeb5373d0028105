import EventLog
import Vault

/// Signs heads as a log does.
struct TestSigner: Sendable {
    let origin = "daybook/test"
    private let signing = SigningKey(seed: Random.bytes(SigningKey.seedLength))
    var key: String { VerifierKey(name: origin, publicKey: signing.publicKey)?.text ?? "" }

    func note(_ size: Int64, _ root: [UInt8], origin: String? = nil) -> String {
        Checkpoint(origin: origin ?? self.origin, size: size, root: root).signed(with: signing).text
    }
}
