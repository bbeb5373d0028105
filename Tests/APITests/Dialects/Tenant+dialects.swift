import CRM
import Foundation
import Kernel

@testable import API

extension Tenant {
    /// An organization with a record of each kind, and pipelines with the sources' stages.
    static func ofDialects() async throws -> (Tenant, ids: [String: String]) {
        let tenant = try await House.shared.value.tenant()
        var ids = try await Records(tenant).ids
        var position = ""
        for template in ["ascendore", "trailtrack"] {
            let made = try await tenant.post(
                "/pipelines", ["name": .string(template), "template": .string(template)])
            ids[template] = made.json["id"]?.string
            position = made.json["position"]?.text ?? ""
        }
        // What is asked then is there to be read.
        for entity in entities { _ = try await tenant.get("/\(entity.plural)?limit=1", min: position) }
        return (tenant, ids)
    }

    /// The token of a new member with this role.
    func token(of role: String) async throws -> String {
        let email = "\(role)-\(UUID().uuidString.lowercased())@example.com"
        let member = try await make("members", ["name": "Vi", "email": .string(email), "role": .string(role)])
        let path = "/api/v1/members/\(member)/password"
        _ = try await send(Call("PUT", path, json: #"{"password":"long enough 2"}"#))
        let body: JSON = ["email": .string(email), "password": "long enough 2"]
        let session = try await anonymously(Call("POST", "/api/v1/auth/login", json: body.text))
        guard let token = session.json["token"]?.string else { throw Refused(answer: session.text) }
        return token
    }
}
