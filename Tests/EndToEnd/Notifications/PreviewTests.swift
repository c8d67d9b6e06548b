import FlotillaTestSupport
import Foundation
import Testing

/// `flotilla notification preview`, which needs no server.
struct PreviewTests {
    private static let templates = Repository.file("ops/templates").path

    private func preview(_ arguments: String...) async throws -> Program.Output {
        try await Program.output(
            of: TestServers.programs.appending(path: "flotilla").path,
            ["notification", "preview"] + arguments,
            environment: ["FLOTILLA_TEMPLATES": Self.templates, "FLOTILLA_HOME": "/nowhere"]
        )
    }

    @Test func `a template is shown with its sample, in the reader's language and time zone`() async throws {
        let shown = try await preview("interview_scheduled", "--lang", "fr-CA", "--zone", "Europe/Paris")
        #expect(shown.status == 0, "\(shown.messages)")
        #expect(shown.text.contains("Date\u{a0}: mardi 24 novembre 2026 à 09:30 (Paris)"))
    }

    @Test func `the templates are beside the queue file that the home leads to`() async throws {
        let folder = "/tmp/flotilla-e2e-" + TestServers.uniqueWord()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let fleet = folder + "/fleet"
        try FileManager.default.createDirectory(atPath: fleet + "/ops", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: Repository.file("queues.yaml").path, toPath: fleet + "/queues.yaml")
        func preview() async throws -> Program.Output {
            try await Program.output(
                of: "/usr/bin/env",
                [
                    "--chdir=\(folder)", TestServers.programs.appending(path: "flotilla").path, "notification",
                    "preview",
                    "user_welcome",
                ],
                environment: ["FLOTILLA_HOME": fleet + "/.flotilla"]
            )
        }
        let without = try await preview()
        #expect(without.status == 2)
        #expect(without.messages.contains("flotilla: ops/templates: no such folder"), "\(without.messages)")
        try FileManager.default.createSymbolicLink(
            atPath: fleet + "/ops/templates",
            withDestinationPath: Self.templates
        )
        let shown = try await preview()
        #expect(shown.status == 0 && !shown.text.isEmpty, "\(shown.messages)")
    }

    @Test func `the data may be given, and the result goes to a file`() async throws {
        let path = "/tmp/flotilla-e2e-" + TestServers.uniqueWord() + ".html"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let data = #"{"title": "A <b>", "body": "one\ntwo"}"#
        let shown = try await preview("message", "--data", data, "--format", "html", "--output", path)
        #expect(shown.status == 0, "\(shown.messages)")
        #expect(shown.text == "")
        let html = try String(contentsOfFile: path, encoding: .utf8)
        #expect(html.contains("A &lt;b&gt;</h1>"))
        #expect(html.contains("one<br>\ntwo</p>"))
    }

    @Test func `what is wrong is said in one line, with the nearest name and with the variable`() async throws {
        let unknown = try await preview("user_welcom")
        #expect(unknown.status == 2)
        #expect(unknown.messages.contains("there is no template “user_welcom”, did you mean “user_welcome”?"))
        let missing = try await preview("ticket_generated", "--data", "{}")
        #expect(missing.status == 1)
        #expect(missing.messages.contains("template ticket_generated: event_title is missing"))
        #expect(try await preview("message", "--data", "[1]").status == 2)
        #expect(try await preview().status == 2)
    }

    @Test func `the list has every template with its variables`() async throws {
        let listed = try await preview("--list", "--output", "json")
        struct Row: Decodable {
            let name: String
            let languages: [String]
        }
        let rows = try JSONDecoder().decode([Row].self, from: Data(listed.text.utf8))
        #expect(rows.count == 26)
        #expect(rows.allSatisfy { $0.languages == ["en", "fr"] })
    }
}
