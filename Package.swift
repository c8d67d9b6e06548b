// swift-tools-version: 6.2

import PackageDescription

/// Every target of ours is compiled the same way; a warning is an error.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// For the targets that call C: every unsafe expression has to be marked.
let cSettings = settings + [.strictMemorySafety()]

func systemLibrary(_ name: String, pkgConfig: String?, package: String) -> Target {
    .systemLibrary(name: name, path: "Sources/System/\(name)", pkgConfig: pkgConfig, providers: [.apt([package])])
}

let package = Package(
    name: "flotilla",
    products: [
        .library(name: "Models", targets: ["Models"]),
        .library(name: "Messaging", targets: ["Messaging"]),
        .library(name: "Workers", targets: ["Workers", "Storage", "Models"]),
        .library(name: "WorkerTestKit", targets: ["WorkerTestKit"]),
        .executable(name: "flotilla", targets: ["flotilla"]),
        .executable(name: "flotilla-bench", targets: ["FlotillaBench"]),
    ],
    targets: [
        systemLibrary("CRabbitMQ", pkgConfig: "librabbitmq", package: "librabbitmq-dev"),
        systemLibrary("CPostgres", pkgConfig: "libpq", package: "libpq-dev"),
        // hiredis 0.14 asks pkg-config users for a flag that the package manager refuses; its header needs no search path.
        systemLibrary("CHiredis", pkgConfig: nil, package: "libhiredis-dev"),
        systemLibrary("CYAML", pkgConfig: "yaml-0.1", package: "libyaml-dev"),
        systemLibrary("CMicroHTTPD", pkgConfig: "libmicrohttpd", package: "libmicrohttpd-dev"),
        systemLibrary("CCurl", pkgConfig: "libcurl", package: "libcurl4-openssl-dev"),
        systemLibrary("CIDN", pkgConfig: "libidn2", package: "libidn2-dev"),
        systemLibrary("CGLib", pkgConfig: "glib-2.0", package: "libglib2.0-dev"),
        systemLibrary("CCrypto", pkgConfig: "libcrypto", package: "libssl-dev"),
        systemLibrary("CQREncode", pkgConfig: "libqrencode", package: "libqrencode-dev"),
        systemLibrary("CCairo", pkgConfig: "cairo-pdf", package: "libpango1.0-dev"),
        systemLibrary("CZBar", pkgConfig: "zbar", package: "libzbar-dev"),
        // Debian's package has no pkg-config file.
        systemLibrary("CXLSXWriter", pkgConfig: nil, package: "libxlsxwriter-dev"),
        .target(name: "CLinux", path: "Sources/System/CLinux"),

        .target(name: "Models", swiftSettings: settings),
        .target(name: "Platform", dependencies: ["CLinux", "CCrypto"], swiftSettings: cSettings),
        .target(name: "Telemetry", dependencies: ["Platform"], swiftSettings: cSettings),
        .target(name: "YAMLFiles", dependencies: ["Models", "CYAML"], swiftSettings: cSettings),
        .target(
            name: "Messaging",
            dependencies: ["Models", "Telemetry", "Platform", "YAMLFiles", "CRabbitMQ", "CCurl"],
            swiftSettings: cSettings
        ),
        .target(
            name: "Storage",
            dependencies: ["Models", "Telemetry", "Platform", "CPostgres", "CHiredis"],
            swiftSettings: cSettings
        ),
        .target(name: "Outbound", dependencies: ["Models", "Platform", "CCurl", "CIDN"], swiftSettings: cSettings),
        .target(name: "TicketDocuments", dependencies: ["CQREncode", "CCairo", "CZBar"], swiftSettings: cSettings),
        .target(
            name: "Workers",
            dependencies: [
                "Models", "Messaging", "Storage", "Outbound", "TicketDocuments", "YAMLFiles", "Telemetry", "Platform",
                "CGLib", "CXLSXWriter",
            ],
            swiftSettings: cSettings
        ),
        .target(
            name: "WorkerTestKit",
            dependencies: ["Models", "Messaging", "Storage", "Workers", "Telemetry"],
            swiftSettings: settings
        ),
        .target(
            name: "ControlAPI",
            dependencies: ["Models", "Messaging", "Storage", "Workers", "Telemetry", "Platform", "CMicroHTTPD"],
            swiftSettings: cSettings
        ),
        .target(name: "CommandLineKit", dependencies: ["Models", "Platform"], swiftSettings: settings),
        .target(
            name: "Operations",
            dependencies: ["CommandLineKit", "Models", "Platform"],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "flotilla",
            dependencies: [
                "CommandLineKit", "Operations", "ControlAPI", "Workers", "TicketDocuments", "Outbound", "Messaging",
                "Storage", "Models", "Telemetry", "Platform",
            ],
            swiftSettings: cSettings
        ),
        .executableTarget(
            name: "FlotillaBench",
            dependencies: [
                "Models", "Messaging", "Storage", "Outbound", "Workers", "TicketDocuments", "Telemetry", "Platform",
            ],
            path: "bench/FlotillaBench",
            swiftSettings: settings
        ),

        .executableTarget(
            name: "Troublemaker",
            dependencies: ["Workers", "Messaging", "Storage", "Models"],
            path: "Tests/Troublemaker",
            swiftSettings: settings
        ),

        .target(
            name: "TestSupport",
            dependencies: ["Messaging", "Storage", "Models", "Platform", "Telemetry"],
            path: "Tests/TestSupport",
            exclude: ["api-stand-in.py", "smtp-server.py", "s3-server.py", "requirements.txt", "webhook-receiver.py"],
            swiftSettings: settings
        ),
        .testTarget(name: "ModelsTests", dependencies: ["Models"], swiftSettings: settings),
        .testTarget(name: "PlatformTests", dependencies: ["Platform", "Telemetry"], swiftSettings: settings),
        .testTarget(name: "CommandLineKitTests", dependencies: ["CommandLineKit"], swiftSettings: settings),
        .testTarget(
            name: "OperationsTests",
            dependencies: ["Operations", "CommandLineKit", "Models", "Platform"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MessagingTests",
            dependencies: ["Messaging", "Models", "Platform"],
            swiftSettings: settings
        ),
        .testTarget(name: "OutboundTests", dependencies: ["Outbound", "Platform"], swiftSettings: settings),
        .testTarget(name: "TicketDocumentsTests", dependencies: ["TicketDocuments"], swiftSettings: settings),
        .testTarget(name: "StorageTests", dependencies: ["Storage", "Models"], swiftSettings: settings),
        .testTarget(
            name: "WorkersTests",
            dependencies: [
                "TestSupport", "Workers", "WorkerTestKit", "Messaging", "Storage", "Outbound", "Models", "Telemetry",
                "Platform",
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ControlAPITests",
            dependencies: ["TestSupport", "ControlAPI", "Models", "Telemetry"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "Conformance",
            dependencies: ["TestSupport", "Messaging", "Models", "Platform"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "Integration",
            dependencies: [
                "TestSupport", "Messaging", "Storage", "Outbound", "Workers", "TicketDocuments", "ControlAPI", "Models",
                "Telemetry", "Platform",
            ],
            exclude: ["Notifications/read-mail.py", "Indexing/elasticsearch.py"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EndToEnd",
            dependencies: ["TestSupport", "Messaging", "Storage", "Models", "Platform", "flotilla", "Troublemaker"],
            swiftSettings: settings
        ),
    ]
)
