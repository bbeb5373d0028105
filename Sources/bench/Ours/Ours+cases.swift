extension Ours {
    /// What is measured of the log.
    func cases(_ tenants: Tenants) -> [Case] {
        let loads = [1, 32, 256].flatMap { writers in
            [tenants.one, tenants.hundred, tenants.tenThousand].map { some in
                Case(.ours(writers, some.count)) { try await self.load(writers, on: some, for: $0) }
            }
        }
        return loads + [
            Case(.paced) { try await self.paced(500, on: tenants.calm, for: $0) },
            Case(.contended) { try await self.contend(32, over: tenants.contended, for: $0) },
        ]
    }
}
