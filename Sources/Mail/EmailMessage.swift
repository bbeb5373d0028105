public import Kernel

/// An e-mail as it was written (RFC 5322 and MIME), read as far as it can be. What is odd about it is told beside.
public struct EmailMessage: Sendable, Hashable {
    /// Its id, without angle brackets.
    public internal(set) var messageID: String?
    /// The ids of the messages that it answers.
    public internal(set) var inReplyTo: [String] = []
    /// The ids of those that came before it in the conversation, the first one first.
    public internal(set) var references: [String] = []
    /// When it was written, as it says itself.
    public internal(set) var date: Sent?
    /// When the last server took it, as that one says.
    public internal(set) var receivedAt: Instant?
    /// Who wrote it.
    public internal(set) var from: [Mailbox] = []
    /// Who sent it for them.
    public internal(set) var sender: [Mailbox] = []
    /// Where answers are to go.
    public internal(set) var replyTo: [Mailbox] = []
    /// To whom it is.
    public internal(set) var to: [Mailbox] = []
    /// Who is to know of it.
    public internal(set) var cc: [Mailbox] = []
    /// Who is to know of it without the others knowing.
    public internal(set) var bcc: [Mailbox] = []
    /// What it is about, on one line.
    public internal(set) var subject: String?
    /// What it says; where it says so in HTML only, that as plain text.
    public internal(set) var text: String?
    /// The same in HTML, where it is written so.
    public internal(set) var html: String?
    /// The files that came with it, in order.
    public internal(set) var parts: [Part] = []
    /// What is odd about it, in the order in which it was met.
    public internal(set) var warnings: [Warning] = []

    /// A moment with the zone of whoever named it.
    public struct Sent: Sendable, Hashable {
        /// The moment.
        public let instant: Instant
        /// Minutes east of UTC.
        public let offset: Int
    }

    /// An address with the name beside it.
    public struct Mailbox: Sendable, Hashable {
        /// What the person is called there.
        public let name: String?
        /// As it is written.
        public let address: String
        /// As one compares it; nil where it is none that mail could go to.
        public var normal: String? { Normal.email(address) }
    }

    /// A file that came with it.
    public struct Part: Sendable, Hashable {
        /// Its name, without folders; nil where it has none.
        public let name: String?
        /// `image/png`, in lower case.
        public let type: String
        /// Whether it is shown within the text.
        public let isInline: Bool
        /// What it holds.
        public let bytes: [UInt8]

        /// A file.
        public init(name: String?, type: String, isInline: Bool, bytes: [UInt8]) {
            (self.name, self.type, self.isInline, self.bytes) = (name, type, isInline, bytes)
        }
    }

    /// It is none: not one header can be read.
    public struct Unreadable: Error, Hashable {}
}
