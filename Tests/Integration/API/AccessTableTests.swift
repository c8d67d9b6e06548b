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
import Testing

/// The tables of docs/09-access.md against a real server with every route of the program.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct AccessTableTests {
    private struct Row {
        let method: String
        let path: String
        /// By scope: `yes`, `open` or nothing.
        let cells: [Scope: String]
    }

    /// The rows of the page's first table.
    private static func rows() throws -> [Row] {
        let text = try String(contentsOf: Repository.file("docs/09-access.md"), encoding: .utf8)
        var scopes: [Scope] = []
        var rows: [Row] = []
        for line in text.split(separator: "\n") where line.hasPrefix("|") {
            let cells = cells(of: line).map { $0.filter { $0 != "`" } }
            if cells.first == "Route" { scopes = cells[1...].compactMap { Scope(rawValue: $0) } }
            let words = (cells.first ?? "").split(separator: " ").map(String.init)
            guard words.count == 2, words[1].hasPrefix("/"), !scopes.isEmpty else { continue }
            let byScope = Dictionary(uniqueKeysWithValues: zip(scopes, cells[1...]))
            rows.append(Row(method: words[0], path: words[1], cells: byScope))
        }
        return rows
    }

    private static func cells(of line: Substring) -> [String] {
        let parts: [Substring] = line.split(separator: "|", omittingEmptySubsequences: false)
        return parts[1..<max(1, parts.count - 1)].map { $0.trimmingCharacters(in: .whitespaces) }
    }

    static func withServer(_ body: (APIFixture, [Route]) async throws -> Void) async throws {
        try await TestDatabase.with(size: 6, migrated: true) { database async throws in
            let home = FileManager.default.temporaryDirectory.appending(path: "flotilla-access-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: home) }
            let program = Flotilla.program
            let configuration = try Configuration.of(
                program,
                [
                    "FLOTILLA_HOME": home.path, "FLOTILLA_MASTER_KEY": MasterKeys.generate().revealed,
                    "FLOTILLA_TEMPLATES": NotificationFixture.templateFolder,
                ]
            )
            let context = APIContext(
                postgres: database.pool,
                redis: nil,
                topology: try TopologyFile.load(from: Repository.file("queues.yaml").path),
                rules: program.intakeRules,
                metrics: Metrics(),
                log: Log(service: "test", threshold: .error)
            )
            let parts = try program.domains(configuration).map { try $0.routes(in: context) }
            let routes = parts.flatMap(\.routes)
            let server = try ControlAPI.start(
                HTTPServerConfiguration(),
                context,
                readiness: Readiness([]),
                routes: routes
            )
            let key = try await APIKeys(database.pool).create(name: "tests", scopes: [.admin])
            let result: Result<Void, any Error>
            do {
                let all = ControlAPI.routes(context, readiness: Readiness([]), routes)
                result = .success(try await body(APIFixture(server: server, pool: database.pool, key: key), all))
            } catch { result = .failure(error) }
            await server.stop(within: .seconds(2))
            for part in parts { await part.close() }
            try result.get()
        }
    }

    @Test func `each route refuses a key of each single scope exactly where the table says`() async throws {
        let rows = try Self.rows()
        try await Self.withServer { api, routes async throws in
            #expect(Set(rows.map { "\($0.method) \($0.path)" }) == Set(routes.map { "\($0.method) \($0.path.text)" }))
            var keys: [Scope: APIKey] = [:]
            for scope in Scope.allCases {
                keys[scope] = try await APIKeys(api.pool).create(name: scope.rawValue, scopes: [scope])
            }
            for row in rows {
                let path = row.path.replacing(/\{[a-z]+\}/, with: "1")
                let body = row.method == "GET" ? nil : "{}"
                for scope in Scope.allCases {
                    let response = try await api.call(row.method, path, body, key: keys[scope]?.revealed)
                    let isForbidden = try response.status == 403 && response.code() == "forbidden"
                    #expect(isForbidden == (row.cells[scope] == ""), "\(row.method) \(row.path) with \(scope)")
                    #expect(response.status != 401, "\(row.method) \(row.path) with \(scope)")
                }
                let stranger = try await api.call(row.method, path, body, key: "none")
                #expect((stranger.status == 401) == (row.cells[.admin] != "open"), "\(row.method) \(row.path)")
            }
        }
    }

    @Test func `events and jobs of each family are taken from whom the table says`() async throws {
        let text = try String(contentsOf: Repository.file("docs/09-access.md"), encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") || $0.hasPrefix("| Every other") }
            .map(Self.cells).filter { $0.count == 5 && ["yes", "no"].contains($0[1]) }
        #expect(rows.count > 15)
        try await Self.withServer { api, _ async throws in
            let keys = APIKeys(api.pool)
            for row in rows {
                let pattern = row[0].hasPrefix("`") ? String(row[0].dropFirst().dropLast()) : "profile.viewed"
                let name = pattern.replacing("*", with: "any").replacing("#", with: "any")
                let standard = try await keys.create(name: "standard", scopes: [.enqueue])
                let named = try await keys.create(
                    name: "named",
                    scopes: [.enqueue],
                    grants: Grants(events: [pattern], jobs: [pattern])
                )
                let empty = try await keys.create(name: "empty", scopes: [.enqueue], grants: Grants())
                let callers = [(standard, row[1]), (named, row[2]), (api.key, row[3]), (empty, "no")]
                for (caller, expected) in callers {
                    let event = "{\"type\":\"\(name)\",\"data\":{}}"
                    let published = try await api.call("POST", "/api/v1/events", event, key: caller.revealed)
                    #expect((published.status == 202) == (expected == "yes"), "\(name) \(expected)")
                    let job = "{\"type\":\"\(name)\",\"payload\":{}}"
                    let enqueued = try await api.call("POST", "/api/v1/jobs", job, key: caller.revealed)
                    // A type that no worker takes is 422 once the caller may enqueue it.
                    #expect([202, 422].contains(enqueued.status) == (expected == "yes"), "\(name) \(expected)")
                    for refused in [published, enqueued] where expected == "no" { #expect(refused.status == 403) }
                }
            }
        }
    }
}
