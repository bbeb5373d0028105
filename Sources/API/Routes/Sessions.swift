import Application
import CRM
import FoundationEssentials
import HTTPTypes
import Kernel

// MARK: Who is asking?

extension Routes {
    /// Signing in and out, and oneself.
    var sessions: [Route] { [register, login, refresh, logout, me, password] }

    /// What signing in answers.
    private static let session: JSON = [
        "type": "object",
        "properties": [
            "token": ["type": "string"], "expires_at": ["type": "string", "format": "date-time"],
            "organization": ["type": "string", "format": "uuid"], "member": ["type": "string", "format": "uuid"],
        ],
    ]
    private static func told(_ session: Access.Session) -> Outcome {
        Outcome([
            "token": .string(session.token), "expires_at": .string(session.expiresAt.text),
            "organization": .string(session.organization.text), "member": .string(session.member.text),
        ])
    }

    /// Nobody lets oneself in: an owner does.
    private var register: Route {
        let takes =
            Member.fields.map { $0.name == "email" ? $0.required() : $0 } + [
                Field("password", .paragraph(1000)).required()
            ]
        return Route(
            .post, "\(Self.base)/auth/register", "Add a member who can sign in with this password. For owners.",
            body: .members(takes, optional: false), answer: .command(201),
            handler: .known { [access = services.access] exchange, caller throws(Problem) in
                let body = try Self.read(exchange.body, takes, verbatim: "password")
                guard let password = body.text("password") else { throw .fault }
                let answer = try await access.register(
                    body.values.filter { $0.key != "password" }, password: password, by: caller,
                    key: exchange.conditions.key, comparing: exchange.said)
                guard let result = answer.joined else { throw .fault }
                var outcome = Outcome(
                    status: result.status, Self.body(of: result, answer.position), position: answer.position)
                outcome.version = result.version
                outcome.location = "\(Self.base)/members/\(result.id.text)"
                return outcome
            })
    }

    private var refresh: Route {
        Route(
            .post, "\(Self.base)/auth/refresh", "Renew a token: the one that asks ends, and another begins.",
            body: .members([], optional: true), answer: .json(Self.session, position: false),
            handler: .known { [access = services.access] exchange, caller throws(Problem) in
                _ = try Self.read(exchange.body, [])
                guard let token = exchange.token else { throw .unauthorized }
                return Self.told(try await access.renew(token, of: caller))
            })
    }

    private var login: Route {
        let takes = [
            Field("email", .email).required(), Field("password", .paragraph(1000)).required(),
            Field("organization", .id),
        ]
        return Route(
            .post, "\(Self.base)/auth/login",
            "Sign in with e-mail and password. An address known in several organizations needs organization.",
            body: .members(takes, optional: false), answer: .json(Self.session, position: false),
            handler: .open { [access = services.access] exchange throws(Problem) in
                let body = try Self.read(exchange.body, takes, verbatim: "password")
                guard let email = body.text("email"), let password = body.text("password") else { throw .unauthorized }
                let session = try await access.login(
                    email: email, password: password, organization: body.id("organization"))
                return Self.told(session)
            })
    }

    private var logout: Route {
        Route(
            .post, "\(Self.base)/auth/logout", "Sign out: the token is no longer valid.",
            body: .members([], optional: true), answer: .nothing,
            handler: .known { [access = services.access] exchange, _ throws(Problem) in
                _ = try Self.read(exchange.body, [])
                if let token = exchange.token { try await access.logout(token: token) }
                return .nothing
            })
    }

    private var me: Route {
        Self.query("/me", "Who the token stands for, and what it may do.", .only([]), ["type": "object"]) {
            [queries = services.queries] exchange, caller throws(Problem) in
            var profile = Array("null".utf8)
            var position: PositionToken?
            do throws(Problem) {
                let reply = try await queries.record(
                    Member.name, caller.actor, by: caller, min: exchange.conditions.minimum)
                (profile, position) = (reply.body, reply.position)
            } catch  where error.status == 404 {
                // A member so new that the read table does not show it yet is known by its token all the same.
            }
            let known: JSON = [
                "organization": .string(caller.organization.text), "member": .string(caller.actor.text),
                "kind": .string(caller.kind.rawValue), "role": .string(caller.role.rawValue),
            ]
            return Reply(
                body: known.bytes.dropLast() + Array(#","profile":"#.utf8) + profile + Array("}".utf8),
                position: position, version: nil)
        }
    }

    private var password: Route {
        let takes = [Field("password", .paragraph(1000)).required()]
        return Route(
            .put, "\(Self.base)/members/{id}/password",
            "Set a member's password: one's own, or, for an owner, anyone's. All its tokens end.",
            body: .members(takes, optional: false), answer: .command(200),
            handler: .known { [access = services.access] exchange, caller throws(Problem) in
                let member = try exchange.id(of: Member.name)
                let body = try Self.read(exchange.body, takes, verbatim: "password")
                guard let password = body.text("password") else { throw .fault }
                let answer = try await access.setPassword(password, of: member, by: caller)
                guard let result = answer.results.first else { throw .fault }
                var outcome = Outcome(Self.body(of: result, answer.position), position: answer.position)
                outcome.version = result.version
                return outcome
            })
    }

    /// The members of a body that is no command; `verbatim` names texts that are taken to the letter.
    static func read(_ json: JSON, _ takes: [Field], verbatim: String...) throws(Problem) -> Body {
        guard case .object(let object) = json else {
            throw .invalid([Flaw("", "wrong_type", "an object is expected, not \(json.kind)")])
        }
        var flaws: [Flaw] = []
        var values = takes.normal(object, partial: false, flaws: &flaws)
        guard flaws.isEmpty else { throw .invalid(flaws) }
        for name in verbatim where values[name] != nil { values[name] = object[name] }
        return Body(values)
    }
}
