import Application
import FoundationEssentials
import Kernel

/// Stand-ins until these are in Application.
public enum Pending {
    /// Stand-in.
    public enum Lane: Sendable { case interactive, imports }
    /// Stand-in.
    public final class Commands: Sendable {
        func execute(_ asks: [Ask], by: Caller, key: String?, lane: Lane) async throws(Problem) -> Answer {
            throw .unavailable
        }
    }
    /// Stand-in.
    public struct Session: Sendable {
        let token: String
        let expiresAt: Instant
        let organization: UUID
        let member: UUID
    }
    /// Stand-in.
    public final class Access: Sendable {
        func login(email: String, password: String, organization: UUID?) async throws(Problem) -> Session {
            throw .unavailable
        }
        func caller(token: String, request: String, channel: Channel) async throws(Problem) -> Caller {
            throw .unavailable
        }
        func logout(token: String) async throws(Problem) {}
        func setPassword(_ password: String, of member: UUID, by caller: Caller) async throws(Problem) -> Answer {
            throw .unavailable
        }
    }
    /// Stand-in.
    public struct Reply: Sendable {
        let body: [UInt8]
        let position: PositionToken?
        let version: Int32?
    }
    /// Stand-in.
    public struct Parameter: Sendable {
        let name: String
        let value: String
        init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }
    /// Stand-in.
    public final class Queries: Sendable {
        func record(_ entity: String, _ id: UUID, for caller: Caller, min: PositionToken?) async throws(Problem)
            -> Reply
        {
            throw .unavailable
        }
        func list(_ entity: String, _ parameters: [Parameter], for caller: Caller, min: PositionToken?)
            async throws(Problem) -> Reply
        { throw .unavailable }
        func history(_ entity: String, _ id: UUID, for caller: Caller, min: PositionToken?) async throws(Problem)
            -> Reply
        {
            throw .unavailable
        }
        func board(_ pipeline: UUID, _ parameters: [Parameter], for caller: Caller, min: PositionToken?)
            async throws(Problem) -> Reply
        { throw .unavailable }
        func overview(_ parameters: [Parameter], for caller: Caller, min: PositionToken?) async throws(Problem) -> Reply
        {
            throw .unavailable
        }
        func dealsReport(_ parameters: [Parameter], for caller: Caller, min: PositionToken?) async throws(Problem)
            -> Reply
        { throw .unavailable }
        func table(_ projection: String, _ parameters: [Parameter], for caller: Caller, min: PositionToken?)
            async throws(Problem) -> Reply
        { throw .unavailable }
    }
}

typealias Lane = Pending.Lane
typealias Commands = Pending.Commands
typealias Session = Pending.Session
typealias Access = Pending.Access
typealias Reply = Pending.Reply
typealias Parameter = Pending.Parameter
typealias Queries = Pending.Queries
