@testable import FlotillaCommandLineKit
import Testing

struct HelpTextTests {
    private static let command = Command(
        "forget",
        "Destroys the keys of somebody, and takes the person out of dead letters, jobs, notifications, tickets and search",
        takes: [
            Flag(
                "dry-run",
                "Show what would be done, with a sentence that is certainly too long for a narrow terminal"
            ),
            Option<String>("reason", "TEXT", "Why"),
        ],
        details: "Nothing brings the data back. " + String(repeating: "The audit log stays whole. ", count: 8),
        examples: [
            "fleet audit forget user:4711 --reason 'request 2026-118 of somebody with a long story to tell' --yes"
        ]
    ) { _ in .done }

    private func page(width: Int?) -> String {
        let application = Application("fleet", "ships", version: "1", commands: [Self.command], examples: [])
        return HelpText(application: application, width: width)
            .page(for: Self.command, path: ["fleet", "forget"], colours: false)
    }

    private func words(_ text: String) -> [Substring] { text.split { $0 == " " || $0 == "\n" } }

    @Test(arguments: [60, 80, 100])
    func `no line is wider than the terminal, and no word is lost`(width: Int) {
        let page = page(width: width)
        #expect(page.split(separator: "\n").allSatisfy { $0.count <= width })
        #expect(words(page) == words(self.page(width: nil)))
    }

    @Test func `what follows stands under what it belongs to`() {
        let lines = page(width: 60).split(separator: "\n")
        let first = lines.firstIndex { $0.hasPrefix("  --dry-run ") }
        let column = first.flatMap { lines[$0].split(separator: "Show").first?.count }
        #expect(first.map { lines[$0 + 1].prefix { $0 == " " }.count } == column)
    }

    @Test func `in a file lines are as long as they are`() {
        #expect(page(width: nil).split(separator: "\n").contains { $0.count > 200 })
    }
}
