import CRM
import FoundationEssentials
import Kernel
import Testing

@testable import Application

/// What is put away gives back what was its alone; taken out, it takes that again, or is told who has it.
@Suite struct ArchiveTests {
    /// Of each scope in which a value is one record's alone, how a record with such a value begins.
    private static let holders: [String: (entity: String, act: String, body: [String: JSON])] = [
        "account.slug": ("account", "create", ["name": "Acme", "slug": "acme"]),
        "contact.email": ("contact", "create", ["last_name": "Ann", "email": "ann@example.com"]),
        "contact.platform_user": ("contact", "create", ["last_name": "Ann", "platform_user_id": "u-1"]),
        "member.email": ("member", "add", ["name": "Ann", "email": "ann@example.com"]),
        "product.code": ("product", "create", ["name": "Pump", "code": "P-1"]),
        "rate.day": ("rate", "publish", ["currency": "EUR", "day": "2017-03-01", "rate": .number(1.25)]),
        "tag.name": ("tag", "define", ["name": "VIP"]),
    ]

    @Test func `every scope in which a value is one record's alone is tried here`() {
        let listed = Refusals.all.groups.flatMap(\.refusals).filter { $0.detail.hasSuffix("see existing_id.") }
        #expect(Set(listed.map { String($0.code.dropLast("_taken".count)) }) == Set(Self.holders.keys))
    }

    @Test(arguments: holders.keys.sorted())
    func `an archived record holds nothing, and one that comes back is told who holds it now`(scope: String)
        async throws
    {
        let house = try await TestHouse()
        let (entity, act, body) = try #require(Self.holders[scope])
        let away = try #require(Self.archive(CRM.entity(named: entity)))
        let first = try await house.ask(entity, .new, act, .object(body)).results[0].id
        let taken = await house.problem(entity, .new, act, .object(body))
        #expect(taken?.code == "\(scope)_taken" && taken?.status == 409)
        #expect(taken?.more["existing_id"] == .string(first.text))

        _ = try await house.ask(entity, .id(first), away, [:])
        let second = try await house.ask(entity, .new, act, .object(body)).results[0].id
        let back = await house.problem(entity, .id(first), "restore", [:])
        #expect(back?.code == "\(scope)_taken" && back?.status == 409)
        #expect(back?.more["existing_id"] == .string(second.text))

        _ = try await house.ask(entity, .id(second), away, [:])
        #expect(try await house.ask(entity, .id(first), "restore", [:]).results[0].events > 0)
        let other = await house.problem(entity, .id(second), "restore", [:])
        #expect(other?.more["existing_id"] == .string(first.text))
    }

    private static func archive(_ entity: (any Entity.Type)?) -> String? {
        func name<E: Entity>(_: E.Type) -> String? { E.acts.first { $0.form == .archives }?.name }
        return entity.flatMap { name($0) }
    }
}
