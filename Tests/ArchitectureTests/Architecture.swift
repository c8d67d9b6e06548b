/// The targets, the lowest first, each with the targets of ours that it may use: the written list of arrows.
///
/// A new arrow is a decision: write it here and in Package.swift, and say why in docs/architecture.md.
enum Architecture {
    struct Target {
        let name: String
        /// In the repository; the folders of other targets below it are not part of it.
        let folder: String
        let uses: Set<String>
        /// The C libraries that its own code calls.
        let libraries: Set<String>

        init(_ name: String, _ folder: String, uses: Set<String> = [], libraries: Set<String> = []) {
            self.name = name
            self.folder = folder
            self.uses = uses
            self.libraries = libraries
        }
    }

    static let targets: [Target] = [
        Target("FlotillaModels", "Sources/Models"),
        Target("FlotillaPlatform", "Sources/Platform", libraries: ["Crypto", "Linux", "Zlib"]),
        Target("FlotillaTelemetry", "Sources/Telemetry", uses: ["FlotillaPlatform"]),
        Target("FlotillaYAMLFiles", "Sources/YAMLFiles", uses: ["FlotillaModels"], libraries: ["YAML"]),
        Target("FlotillaLocalization", "Sources/Localization", uses: ["FlotillaModels"], libraries: ["GLib"]),
        Target(
            "FlotillaMessaging",
            "Sources/Messaging",
            uses: ["FlotillaModels", "FlotillaTelemetry", "FlotillaPlatform", "FlotillaYAMLFiles"],
            libraries: ["RabbitMQ"]
        ),
        Target(
            "FlotillaManagement",
            "Sources/Messaging/Management",
            uses: ["FlotillaMessaging", "FlotillaModels", "FlotillaPlatform"],
            libraries: ["Curl"]
        ),
        Target(
            "FlotillaStorage",
            "Sources/Storage",
            uses: ["FlotillaModels", "FlotillaTelemetry", "FlotillaPlatform"],
            libraries: ["Postgres", "Hiredis"]
        ),
        Target(
            "FlotillaOutbound",
            "Sources/Outbound",
            uses: ["FlotillaModels", "FlotillaPlatform"],
            libraries: ["Curl", "IDN"]
        ),
        Target("FlotillaTicketDocuments", "Sources/TicketDocuments", libraries: ["QREncode", "Cairo", "ZBar"]),
        Target(
            "Workers",
            "Sources/Workers/Runtime",
            uses: ["FlotillaModels", "FlotillaMessaging", "FlotillaStorage", "FlotillaTelemetry", "FlotillaPlatform"],
            libraries: ["Linux"]
        ),
        Target(
            "WorkerTestKit",
            "Sources/WorkerTestKit",
            uses: ["FlotillaModels", "FlotillaMessaging", "FlotillaStorage", "Workers", "FlotillaTelemetry"]
        ),
        Target("FlotillaCommandLineKit", "Sources/CommandLineKit", uses: ["FlotillaModels", "FlotillaPlatform"]),
        Target(
            "FlotillaOperations",
            "Sources/Operations",
            uses: ["FlotillaCommandLineKit", "FlotillaLocalization", "FlotillaModels", "FlotillaPlatform"]
        ),
        Target(
            "FlotillaHTTPRouting",
            "Sources/HTTPServer/Routing",
            uses: ["FlotillaModels", "FlotillaPlatform", "FlotillaTelemetry"]
        ),
        Target(
            "FlotillaPersonalData",
            "Sources/Workers/PersonalData",
            uses: ["FlotillaModels", "FlotillaPlatform", "FlotillaStorage", "Workers"]
        ),
        Target("FlotillaModules", "Sources/Modules", uses: domainFloor.subtracting(["FlotillaModules"])),
        domain("Jobs"),
        domain("DeadLetters"),
        domain("Audit", libraries: ["XLSXWriter"]),
        domain("Webhooks", uses: ["FlotillaOutbound"]),
        domain("Identity", uses: ["FlotillaOutbound"]),
        domain("Notifications", uses: ["FlotillaIdentity", "FlotillaOutbound", "FlotillaLocalization"]),
        domain(
            "Tickets",
            uses: ["FlotillaWebhooks", "FlotillaOutbound", "FlotillaLocalization", "FlotillaTicketDocuments"]
        ),
        domain("Quota", uses: ["FlotillaYAMLFiles"]),
        domain("Indexing", uses: ["FlotillaAudit", "FlotillaQuota", "FlotillaOutbound"]),
        domain("Erasure", uses: ["FlotillaAudit", "FlotillaDeadLetters"]),
        domain("Cron", uses: ["FlotillaYAMLFiles", "FlotillaLocalization"]),
        Target(
            "FlotillaHTTPServer",
            "Sources/HTTPServer",
            uses: [
                "FlotillaHTTPRouting", "FlotillaModels", "FlotillaStorage", "FlotillaTelemetry", "FlotillaPlatform",
            ],
            libraries: ["Linux", "MicroHTTPD"]
        ),
        Target("FlotillaControlAPI", "Sources/ControlAPI", uses: domainFloor.union(["FlotillaHTTPServer"])),
        Target(
            "flotilla",
            "Sources/flotilla",
            uses: domainFloor.union(domains).union(["FlotillaHTTPServer", "FlotillaControlAPI", "FlotillaManagement"])
        ),
    ]

    /// What every domain stands on.
    private static let domainFloor: Set<String> = [
        "FlotillaModels", "FlotillaPlatform", "FlotillaTelemetry", "FlotillaMessaging", "FlotillaStorage", "Workers",
        "FlotillaPersonalData", "FlotillaHTTPRouting", "FlotillaCommandLineKit", "FlotillaOperations",
        "FlotillaModules",
    ]

    static let domains: Set<String> = [
        "FlotillaDeadLetters", "FlotillaAudit", "FlotillaWebhooks", "FlotillaNotifications", "FlotillaTickets",
        "FlotillaQuota", "FlotillaIndexing", "FlotillaErasure", "FlotillaIdentity", "FlotillaJobs",
        "FlotillaCron",
    ]

    private static func domain(_ name: String, uses: Set<String> = [], libraries: Set<String> = []) -> Target {
        Target(
            "Flotilla\(name)",
            "Sources/Workers/\(name)",
            uses: domainFloor.union(uses),
            libraries: libraries
        )
    }

    static func target(_ name: String) -> Target? { targets.first { $0.name == name } }

    /// Every C library that comes with a target, through whatever it uses.
    static func libraries(reaching name: String) -> Set<String> {
        guard let target = target(name) else { return [] }
        return target.uses.reduce(target.libraries) { $0.union(libraries(reaching: $1)) }
    }
}
