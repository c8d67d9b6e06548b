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

/// A C library of Debian's. Modules carry the project's name, so that none meets one of another package.
func systemLibrary(_ name: String, pkgConfig: String?, package: String) -> Target {
    .systemLibrary(
        name: "CFlotilla\(name)",
        path: "Sources/System/C\(name)",
        pkgConfig: pkgConfig,
        providers: [.apt([package])]
    )
}

/// A target of Sources; its folder is called like the module, without the project's name.
func library(
    _ name: String,
    in folder: String? = nil,
    exclude: [String] = [],
    swiftSettings: [SwiftSetting] = cSettings,
    _ dependencies: [Target.Dependency] = []
) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        path: "Sources/" + (folder ?? String(name.dropFirst("Flotilla".count))),
        exclude: exclude,
        swiftSettings: swiftSettings
    )
}

/// What every domain stands on.
let domainFloor: [Target.Dependency] = [
    "FlotillaModels", "FlotillaPlatform", "FlotillaTelemetry", "FlotillaMessaging", "FlotillaStorage", "Workers",
    "FlotillaPersonalData", "FlotillaHTTPRouting", "FlotillaCommandLineKit", "FlotillaOperations", "FlotillaModules",
]

/// A business domain: a vertical slice in a folder of Sources/Workers. What it may use beside the floor is written here;
/// Tests/ArchitectureTests holds the list.
func domain(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    library("Flotilla\(name)", in: "Workers/\(name)", domainFloor + dependencies)
}

let domains: [Target.Dependency] = [
    "FlotillaDeadLetters", "FlotillaAudit", "FlotillaWebhooks", "FlotillaNotifications", "FlotillaTickets",
    "FlotillaQuota", "FlotillaIndexing", "FlotillaErasure", "FlotillaIdentity", "FlotillaJobs",
    "FlotillaCron",
]

func unitTests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
    name: "flotilla",
    products: [
        .library(
            name: "Workers",
            targets: ["Workers", "FlotillaMessaging", "FlotillaStorage", "FlotillaModels", "FlotillaTelemetry"]
        ),
        // For processes of other teams that store their own dead letters.
        .library(name: "FlotillaDeadLetters", targets: ["FlotillaDeadLetters"]),
        // For workers of other teams that send webhooks.
        .library(name: "FlotillaWebhooks", targets: ["FlotillaWebhooks"]),
        .library(name: "WorkerTestKit", targets: ["WorkerTestKit"]),
        .executable(name: "flotilla", targets: ["flotilla"]),
        .executable(name: "flotilla-bench", targets: ["FlotillaBench"]),
    ],
    targets: [
        systemLibrary("RabbitMQ", pkgConfig: "librabbitmq", package: "librabbitmq-dev"),
        systemLibrary("Postgres", pkgConfig: "libpq", package: "libpq-dev"),
        // hiredis 0.14 asks pkg-config users for a flag that the package manager refuses; its header needs no search path.
        systemLibrary("Hiredis", pkgConfig: nil, package: "libhiredis-dev"),
        systemLibrary("YAML", pkgConfig: "yaml-0.1", package: "libyaml-dev"),
        systemLibrary("MicroHTTPD", pkgConfig: "libmicrohttpd", package: "libmicrohttpd-dev"),
        systemLibrary("Curl", pkgConfig: "libcurl", package: "libcurl4-openssl-dev"),
        systemLibrary("IDN", pkgConfig: "libidn2", package: "libidn2-dev"),
        systemLibrary("GLib", pkgConfig: "glib-2.0", package: "libglib2.0-dev"),
        systemLibrary("Crypto", pkgConfig: "libcrypto", package: "libssl-dev"),
        systemLibrary("QREncode", pkgConfig: "libqrencode", package: "libqrencode-dev"),
        systemLibrary("Cairo", pkgConfig: "cairo-pdf", package: "libpango1.0-dev"),
        systemLibrary("ZBar", pkgConfig: "zbar", package: "libzbar-dev"),
        systemLibrary("Zlib", pkgConfig: "zlib", package: "zlib1g-dev"),
        // Debian's package has no pkg-config file.
        systemLibrary("XLSXWriter", pkgConfig: nil, package: "libxlsxwriter-dev"),
        .target(name: "CFlotillaLinux", path: "Sources/System/CLinux"),

        // Values, and what every process needs.
        library("FlotillaModels", swiftSettings: settings),
        library("FlotillaPlatform", ["CFlotillaLinux", "CFlotillaCrypto", "CFlotillaZlib"]),
        library("FlotillaTelemetry", ["FlotillaPlatform"]),
        library("FlotillaYAMLFiles", ["FlotillaModels", "CFlotillaYAML"]),
        library("FlotillaLocalization", ["FlotillaModels", "CFlotillaGLib"]),

        // The servers.
        library(
            "FlotillaMessaging",
            exclude: ["Management"],
            ["FlotillaModels", "FlotillaTelemetry", "FlotillaPlatform", "FlotillaYAMLFiles", "CFlotillaRabbitMQ"]
        ),
        library(
            "FlotillaManagement",
            in: "Messaging/Management",
            ["FlotillaMessaging", "FlotillaModels", "FlotillaPlatform", "CFlotillaCurl"]
        ),
        library(
            "FlotillaStorage",
            ["FlotillaModels", "FlotillaTelemetry", "FlotillaPlatform", "CFlotillaPostgres", "CFlotillaHiredis"]
        ),
        library("FlotillaOutbound", ["FlotillaModels", "FlotillaPlatform", "CFlotillaCurl", "CFlotillaIDN"]),
        library("FlotillaTicketDocuments", ["CFlotillaQREncode", "CFlotillaCairo", "CFlotillaZBar"]),

        // The runtime of workers: what other teams build on.
        library(
            "Workers",
            in: "Workers/Runtime",
            [
                "FlotillaModels", "FlotillaMessaging", "FlotillaStorage", "FlotillaTelemetry", "FlotillaPlatform",
                "CFlotillaLinux",
            ]
        ),
        .target(
            name: "WorkerTestKit",
            dependencies: ["FlotillaModels", "FlotillaMessaging", "FlotillaStorage", "Workers", "FlotillaTelemetry"],
            swiftSettings: settings
        ),

        // What a domain is declared with.
        library("FlotillaCommandLineKit", swiftSettings: settings, ["FlotillaModels", "FlotillaPlatform"]),
        library(
            "FlotillaOperations",
            swiftSettings: settings,
            ["FlotillaCommandLineKit", "FlotillaLocalization", "FlotillaModels", "FlotillaPlatform"]
        ),
        library(
            "FlotillaHTTPRouting",
            in: "HTTPServer/Routing",
            ["FlotillaModels", "FlotillaPlatform", "FlotillaTelemetry"]
        ),
        library(
            "FlotillaPersonalData",
            in: "Workers/PersonalData",
            ["FlotillaModels", "FlotillaPlatform", "FlotillaStorage", "Workers"]
        ),
        library(
            "FlotillaModules",
            [
                "FlotillaModels", "FlotillaPlatform", "FlotillaTelemetry", "FlotillaMessaging", "FlotillaStorage",
                "Workers", "FlotillaPersonalData", "FlotillaHTTPRouting", "FlotillaCommandLineKit",
                "FlotillaOperations",
            ]
        ),

        domain("Jobs"),
        domain("DeadLetters"),
        domain("Audit", ["CFlotillaXLSXWriter"]),
        domain("Webhooks", ["FlotillaOutbound"]),
        domain("Identity", ["FlotillaOutbound"]),
        domain("Notifications", ["FlotillaIdentity", "FlotillaOutbound", "FlotillaLocalization"]),
        domain(
            "Tickets",
            [
                "FlotillaWebhooks", "FlotillaOutbound", "FlotillaLocalization", "FlotillaTicketDocuments",
            ]
        ),
        domain("Quota", ["FlotillaYAMLFiles"]),
        domain("Indexing", ["FlotillaAudit", "FlotillaQuota", "FlotillaOutbound"]),
        domain("Erasure", ["FlotillaAudit", "FlotillaDeadLetters"]),
        domain("Cron", ["FlotillaYAMLFiles", "FlotillaLocalization"]),

        // The program.
        library(
            "FlotillaHTTPServer",
            exclude: ["Routing"],
            [
                "FlotillaHTTPRouting", "FlotillaModels", "FlotillaStorage", "FlotillaTelemetry", "FlotillaPlatform",
                "CFlotillaMicroHTTPD", "CFlotillaLinux",
            ]
        ),
        library("FlotillaControlAPI", domainFloor + ["FlotillaHTTPServer"]),
        .executableTarget(
            name: "flotilla",
            dependencies: domainFloor + domains + ["FlotillaHTTPServer", "FlotillaControlAPI", "FlotillaManagement"],
            swiftSettings: cSettings
        ),
        .executableTarget(
            name: "FlotillaBench",
            dependencies: [
                "FlotillaModels", "FlotillaMessaging", "FlotillaStorage", "FlotillaOutbound", "Workers",
                "FlotillaTicketDocuments", "FlotillaTelemetry", "FlotillaPlatform", "FlotillaPersonalData",
                "FlotillaAudit", "FlotillaIndexing", "FlotillaNotifications", "FlotillaModules",
            ],
            path: "bench/FlotillaBench",
            swiftSettings: settings
        ),

        // Tests.
        .executableTarget(
            name: "FaultyWorker",
            dependencies: ["Workers", "FlotillaMessaging", "FlotillaStorage", "FlotillaModels"],
            path: "Tests/FaultyWorker",
            swiftSettings: settings
        ),
        .target(
            name: "FlotillaTestSupport",
            dependencies: [
                "FlotillaMessaging", "FlotillaStorage", "FlotillaModels", "FlotillaPlatform", "FlotillaTelemetry",
            ],
            path: "Tests/TestSupport",
            exclude: [
                "api-stand-in.py", "auth-service.py", "make-tokens.py", "smtp-server.py", "s3-server.py",
                "requirements.txt", "webhook-receiver.py",
            ],
            swiftSettings: settings
        ),
        unitTests("ModelsTests", ["FlotillaModels"]),
        unitTests("PlatformTests", ["FlotillaPlatform", "FlotillaTelemetry", "FlotillaTestSupport"]),
        unitTests("LocalizationTests", ["FlotillaLocalization", "FlotillaModels"]),
        unitTests(
            "MessagingTests",
            [
                "FlotillaTestSupport", "FlotillaMessaging", "FlotillaManagement", "FlotillaModels", "FlotillaPlatform",
                "FlotillaTelemetry",
            ]
        ),
        unitTests("StorageTests", ["FlotillaStorage", "FlotillaModels"]),
        unitTests("OutboundTests", ["FlotillaOutbound", "FlotillaPlatform"]),
        unitTests("TicketDocumentsTests", ["FlotillaTicketDocuments"]),
        unitTests("CommandLineKitTests", ["FlotillaCommandLineKit"]),
        unitTests(
            "OperationsTests",
            ["FlotillaOperations", "FlotillaCommandLineKit", "FlotillaModels", "FlotillaPlatform"]
        ),
        unitTests(
            "HTTPServerTests",
            [
                "FlotillaTestSupport", "FlotillaHTTPServer", "FlotillaHTTPRouting", "FlotillaModels",
                "FlotillaPlatform", "FlotillaStorage", "FlotillaTelemetry",
            ]
        ),
        unitTests(
            "WorkersTests",
            [
                "FlotillaTestSupport", "Workers", "WorkerTestKit", "FlotillaMessaging", "FlotillaStorage",
                "FlotillaModels", "FlotillaTelemetry", "FlotillaPlatform",
            ]
        ),
        unitTests(
            "ModulesTests",
            ["FlotillaModules", "FlotillaHTTPRouting", "FlotillaModels", "FlotillaStorage", "FlotillaPlatform"]
        ),
        unitTests("PersonalDataTests", ["FlotillaTestSupport"] + domainFloor),
        unitTests("JobsTests", ["FlotillaTestSupport", "FlotillaJobs"] + domainFloor),
        unitTests("DeadLettersTests", ["FlotillaTestSupport", "FlotillaDeadLetters"] + domainFloor),
        unitTests("AuditTests", ["FlotillaTestSupport", "FlotillaAudit"] + domainFloor),
        unitTests("WebhooksTests", ["FlotillaTestSupport", "FlotillaWebhooks", "FlotillaOutbound"] + domainFloor),
        unitTests(
            "NotificationsTests",
            ["FlotillaTestSupport", "FlotillaNotifications", "FlotillaOutbound", "FlotillaLocalization"] + domainFloor
        ),
        unitTests(
            "TicketsTests",
            ["FlotillaTestSupport", "FlotillaTickets", "FlotillaTicketDocuments", "FlotillaLocalization"] + domainFloor
        ),
        unitTests(
            "IdentityTests",
            ["FlotillaTestSupport", "FlotillaIdentity", "FlotillaOutbound", "FlotillaHTTPServer"] + domainFloor
        ),
        unitTests("QuotaTests", ["FlotillaTestSupport", "FlotillaQuota", "FlotillaYAMLFiles"] + domainFloor),
        unitTests("CronTests", ["FlotillaTestSupport", "FlotillaCron", "FlotillaLocalization"] + domainFloor),
        unitTests("IndexingTests", ["FlotillaTestSupport", "FlotillaIndexing", "FlotillaOutbound"] + domainFloor),
        unitTests(
            "ControlAPITests",
            ["FlotillaTestSupport", "FlotillaControlAPI", "FlotillaHTTPServer"] + domainFloor
        ),
        unitTests("ArchitectureTests", ["FlotillaTestSupport"]),
        unitTests(
            "FlotillaTests",
            domainFloor + domains + ["FlotillaTestSupport", "FlotillaHTTPServer", "FlotillaControlAPI", "flotilla"]
        ),
        .testTarget(
            name: "Conformance",
            dependencies: ["FlotillaTestSupport", "FlotillaMessaging", "FlotillaModels", "FlotillaPlatform"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "Integration",
            dependencies: domainFloor + domains + [
                "FlotillaTestSupport", "FlotillaManagement", "FlotillaOutbound", "FlotillaTicketDocuments",
                "FlotillaHTTPServer", "FlotillaControlAPI", "FlotillaLocalization", "flotilla",
            ],
            exclude: ["Notifications/read-mail.py", "Indexing/elasticsearch.py"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EndToEnd",
            dependencies: [
                "FlotillaTestSupport", "FlotillaMessaging", "FlotillaStorage", "FlotillaModels", "FlotillaPlatform",
                "FlotillaCommandLineKit", "flotilla", "FaultyWorker",
            ],
            swiftSettings: settings
        ),
    ]
)
