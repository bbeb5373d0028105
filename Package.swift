// swift-tools-version: 6.2
import PackageDescription

// Swift 6 mode everywhere; a warning stops the build. MemberImportVisibility keeps each file honest about what it uses.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let collections: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTP: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

/// What tests run most is optimised, file by file. The application and the API are not: they change most, take several
/// times as long to build so, and give less of it back. Nor are the tests.
let quick: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// A layer of the house (DESIGN §9). What it may import is its dependency list: arrows point one way.
func layer(
    _ name: String, _ dependencies: [Target.Dependency] = [], embeds: Bool = false, isQuick: Bool = true
) -> Target {
    .target(
        name: name, dependencies: dependencies, swiftSettings: strict + (isQuick ? quick : []),
        plugins: embeds ? ["Embed"] : [])
}
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "daybook",
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Pure: no I/O, no clock, no randomness.
        layer("Kernel"),
        layer("CRM", ["Kernel"]),
        layer("DomainTesting", ["Kernel", "CRM"]),
        layer("Mail", ["Kernel", "CGMime"]),

        // What the system gives.
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CGMime", pkgConfig: "gmime-3.0", providers: [.apt(["libgmime-3.0-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CMagic", pkgConfig: "libmagic", providers: [.apt(["libmagic-dev"])]),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),

        // `.sql` files become constants, so that the binary needs no folder beside it.
        .executableTarget(name: "embed", path: "tools/embed/tool", swiftSettings: strict),
        .plugin(name: "Embed", capability: .buildTool(), dependencies: ["embed"], path: "tools/embed/plugin"),
        layer("Shipped", embeds: true),

        // The shell.
        layer("Postgres", ["CLibPQ", collections, logging], embeds: true),
        layer("PostgresTesting", ["Postgres", "Shipped"]),
        layer("EventLog", ["Kernel", "Postgres", "Vault", collections, logging], embeds: true),
        layer("Vault", ["Kernel", "Postgres", "CCrypto", "CSodium"], embeds: true),
        layer("Projections", ["Kernel", "Postgres", "EventLog", "Vault", yams, logging], embeds: true),
        layer("Files", ["Kernel", "Vault", "CMagic", "CCurl"]),
        layer("Audit", ["Kernel", "Postgres", "EventLog", "Vault", "CLZ4"], embeds: true),
        layer(
            "Application",
            ["CRM", "Mail", "EventLog", "Vault", "Projections", "Audit", "CZip", "Files", logging, yams], embeds: true,
            isQuick: false),
        layer(
            "API",
            [
                "Application", "CRM", "Shipped", hummingbird, hummingbirdCore, httpTypes, nio, nioHTTP, nioHTTPTypes,
                logging, metrics, coreMetrics, lifecycle,
            ], isQuick: false),
        .executableTarget(
            name: "daybook",
            dependencies: [
                "API", "Application", "Audit", "Files", "Shipped", argumentParser, logging, lifecycle, unixSignals,
                coreMetrics, yams,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "bench",
            dependencies: [
                "Application", "EventLog", "Kernel", "Projections", "Vault", "Postgres", "Shipped", argumentParser,
                logging,
            ],
            swiftSettings: strict, plugins: ["Embed"]),

        .executableTarget(
            name: "crash",
            dependencies: [
                "Application", "EventLog", "Kernel", "Projections", "Postgres", "Shipped", "Vault", argumentParser,
                logging,
            ],
            swiftSettings: strict, plugins: ["Embed"]),

        tests("KernelTests", ["Kernel"]),
        tests("CRMTests", ["CRM", "DomainTesting"]),
        tests("MailTests", ["Mail", "Kernel"]),
        tests("PostgresTests", ["Postgres", "PostgresTesting"]),
        tests("EventLogTests", ["EventLog", "Kernel", "Vault", "Postgres", "PostgresTesting", "Shipped", logging]),
        tests(
            "AuditTests", ["Audit", "EventLog", "Kernel", "Vault", "Postgres", "PostgresTesting", "Shipped", logging]),
        tests("VaultTests", ["Vault", "Kernel", "Postgres", "PostgresTesting", "Shipped", logging]),
        tests("FilesTests", ["Files", "Kernel"]),
        tests("ProjectionsTests", ["Projections", "EventLog", "Vault", "PostgresTesting", "Shipped"]),
        tests("ApplicationTests", ["Application", "DomainTesting", "Files", "PostgresTesting", "Shipped"]),
        tests(
            "APITests",
            [
                "API", "Application", "Audit", "CRM", "EventLog", "Files", "PostgresTesting", "Shipped", hummingbird,
                logging, lifecycle,
            ]),
        tests("EndToEndTests", ["Files", "Postgres", "PostgresTesting", "daybook"]),
        tests("CrashTests", ["crash", "daybook"]),
        tests("TidyTests", []),
    ]
)
