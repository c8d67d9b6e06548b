@testable import flotilla
import FlotillaControlAPI
import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaMessaging
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation

/// The generated part of docs/09-access.md: which scope opens which route, and who may hand in what.
enum AccessDocument {
    static let file = Repository.file("docs/09-access.md")
    static let begin =
        "<!-- generated from the routes and the domains: FLOTILLA_WRITE_DOCS=1 swift test --filter AccessDocumentTests -->"
    static let end = "<!-- end of what is generated -->"

    /// Every route of the program, without its servers.
    static func routes() throws -> [Route] {
        let program = Flotilla.program
        let home = FileManager.default.temporaryDirectory.appending(path: "flotilla-docs-\(UUID().uuidString)").path
        let configuration = try Configuration(
            environment: [
                "FLOTILLA_HOME": home, "FLOTILLA_MASTER_KEY": MasterKeys.generate().revealed,
                "FLOTILLA_TEMPLATES": Repository.file("ops/templates").path,
            ],
            currentFolder: Repository.root.path,
            settings: program.modules.flatMap { $0.settings }
        )
        let context = APIContext(
            postgres: PostgresPool(
                try PostgresConfiguration(url: "postgresql://127.0.0.1:1/none"),
                size: 1,
                name: "none"
            ),
            redis: nil,
            topology: try TopologyFile.load(from: Repository.file("queues.yaml").path),
            rules: program.intakeRules,
            metrics: Metrics(),
            log: Log(service: "test", threshold: .error)
        )
        let parts = try program.domains(configuration).map { try $0.routes(in: context) }
        return ControlAPI.routes(context, readiness: Readiness([]), parts.flatMap(\.routes))
    }

    static func generated() throws -> String {
        try [begin, routeTable(), familyTable(), end].joined(separator: "\n\n")
    }

    /// The part of the page between the markers.
    static func written() throws -> String {
        let text = try String(contentsOf: file, encoding: .utf8)
        guard let start = text.range(of: begin), let stop = text.range(of: end) else { return "" }
        return String(text[start.lowerBound..<stop.upperBound])
    }

    static func write() throws {
        let text = try String(contentsOf: file, encoding: .utf8)
        try text.replacingOccurrences(of: try written(), with: try generated())
            .write(to: file, atomically: true, encoding: .utf8)
    }

    private static func routeTable() throws -> String {
        let scopes = Scope.allCases
        var lines = [
            "| Route | " + scopes.map { "`\($0.rawValue)`" }.joined(separator: " | ") + " |",
            "|---" + String(repeating: "|---", count: scopes.count) + "|",
        ]
        for route in try routes().sorted(by: { ($0.path.text, $0.method) < ($1.path.text, $1.method) }) {
            let cells = scopes.map { scope in
                guard route.access != .open else { return "open" }
                return scope == .admin || route.access.scopes.contains(scope) ? "yes" : ""
            }
            lines.append("| `\(route.method) \(route.path.text)` | " + cells.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n")
    }

    private static func familyTable() -> String {
        var lines = [
            "| Event or job type | Grant `default` | A grant that names it | `admin` | Declared by |",
            "|---|---|---|---|---|",
        ]
        for module in Flotilla.program.modules {
            for name in module.fleetOnly.events + module.fleetOnly.commands {
                lines.append("| `\(name)` | no | no | no | `\(module)` |")
            }
        }
        for module in Flotilla.program.modules {
            for name in module.guarded {
                lines.append("| `\(name)` | no | yes | yes | `\(module)` |")
            }
        }
        lines.append("| Every other one | yes | yes | yes | |")
        return lines.joined(separator: "\n")
    }
}
