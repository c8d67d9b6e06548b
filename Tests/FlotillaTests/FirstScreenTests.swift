@testable import flotilla
import Testing

struct FirstScreenTests {
    private static func screen(_ command: String, home: String? = nil) -> String {
        FirstScreen(
            port: 8_080,
            broker: "amqp://127.0.0.1:29063",
            logs: "/srv/fleet/.flotilla/logs",
            workers: [
                "audit", "indexing", "notifications", "quota", "tickets", "webhooks", "one", "more", "and-another",
            ],
            command: command,
            home: home
        ).text
    }

    @Test(arguments: ["flotilla", ".build/release/flotilla", "/opt/some/long/folder/of/programs/bin/flotilla"])
    func `nothing is wider than 80 columns`(_ command: String) {
        let lines = Self.screen(command).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines.filter { $0.count > 80 })")
    }

    @Test func `the lines to copy are whole commands, and the next step is among them`() {
        let text = Self.screen("flotilla", home: "/srv/home")
        #expect(text.contains("\n  export FLOTILLA_HOME=/srv/home\n"))
        #expect(text.contains("\n  flotilla demo\n"))
        #expect(text.contains("\n  flotilla publish profile.viewed --body '{\"companyId\":\"c-1\"}'\n"))
        #expect(!text.contains("…"))
    }
}
