import Application
import PostgresTesting
import Projections
import Shipped
import Testing

@Suite struct ShippedProjectionTests {
    private static let files = Shipped.files(in: "projections").map { ProjectionFile(name: $0.name, text: $0.text) }

    @Test(.timeLimit(.minutes(2)))
    func `each projection that comes with Daybook has tests, and is as they expect in every way of folding`()
        async throws
    {
        let database = try await TestCluster.shared.database()
        let report = try await ProjectionTests(database.settings(), catalogue: Daybook.catalogue, log: quiet)
            .run(Self.files)
        #expect(report.differences.map(\.description) == [])
        let all = Self.files.map(\.name).filter { $0.hasSuffix(".yaml") && !$0.hasSuffix(".test.yaml") }
        #expect(report.projections.sorted() == all.map { String($0.dropLast(5)) }.sorted())
        #expect(report.tests >= report.projections.count)
    }
}
