import FlotillaModels
import FlotillaPlatform
import FlotillaTestSupport
@testable import FlotillaTickets
import Foundation
import Testing

/// A thousand tickets, read back by programs that are not ours.
@Suite(.enabled(if: TestDatabase.isAvailable && Tool.areAvailable))
struct ThousandTicketsTests {
    /// Names in many scripts; the last one has 200 characters.
    private static let names = [
        "Jane Doe", "محمد عبد الرحمن الفارسي", "王小明", "श्रीमती अनुराधा", "Zoë Łukasz Nguyễn Ångström", "Ελένη Παπαδοπούλου",
        "Анна Каренина", "שרה כהן", "ภาวิณี", "山田太郎", "김민준", String(repeating: "Maximilian ", count: 18) + "Al",
    ]

    private static let templates = ["12", "13", #""badge""#]

    @Test(.timeLimit(.minutes(10)))
    func `every code reads back to a token that verifies, every file is sound, and every guest is named`()
        async throws
    {
        try await TicketFixture.with { fixture async throws in
            #expect(Self.names.last?.count == 200)
            let guests = (0..<1_000).map { Self.names[$0 % Self.names.count] }
            let tickets = guests.enumerated().map { number, guest in
                #"""
                {"ticket_id": \#(number), "ticket_code": "TKT-\#(number)", "guest_name": "\#(guest)",
                 "template_id": \#(Self.templates[number % Self.templates.count])}
                """#
            }
            #expect(await fixture.handle(TicketFixture.job(tickets: tickets)).isDone)
            let event = try #require(try await fixture.events().first)
            #expect(event["data"]?["summary"]?["successful"] == .number("1000"))
            let reported = event["data"]?["tickets"]?.elements ?? []
            let paths = reported.compactMap { $0["filePath"]?.text?.dropFirst("/tickets/".count) }
            #expect(Set(paths).count == 1_000)

            // One list of all pages, in the order of the job.
            try Data(paths.joined(separator: "\n").utf8).write(to: fixture.folder.appending(path: "list"))
            try Tool.run(
                "xargs -P 2 -n 50 sh -ec 'for f; do qpdf --check \"$f\" >/dev/null; done' sh <list",
                in: fixture.folder
            )
            try Tool.run(
                "xargs -n 500 sh -c 'pdfunite \"$@\" part-$$.pdf; echo part-$$.pdf >>parts' sh <list",
                in: fixture.folder
            )
            try Tool.run("pdfunite $(cat parts) all.pdf", in: fixture.folder)
            try verifyCodes(fixture, try await fixture.keys.verifier())
            try verifyNames(guests, fixture)
        }
    }

    /// All codes in one call of the reader.
    private func verifyCodes(_ fixture: TicketFixture, _ verifier: TicketVerifier) throws {
        try Tool.run("pdftoppm -r 72 -gray all.pdf page", in: fixture.folder)
        let output = try Tool.run("zbarimg --quiet --raw -Sdisable -Sqrcode.enable page-*.pgm", in: fixture.folder)
        let now = WallClock.microseconds()
        var ids: Set<String> = []
        for line in output.split(separator: "\n") {
            let token = try verifier.open(String(line), at: now)
            #expect(token.eventID == "456")
            ids.insert(token.ticketID)
        }
        #expect(ids == Set((0..<1_000).map(String.init)))
    }

    private func verifyNames(_ guests: [String], _ fixture: TicketFixture) throws {
        let pages = try Tool.text(of: fixture.folder.appending(path: "all.pdf")).split(
            separator: "\u{c}",
            omittingEmptySubsequences: false
        )
        #expect(pages.count == 1_001)
        for (number, guest) in guests.enumerated() {
            let page = Self.comparable(String(pages[number]))
            #expect(page.contains(Self.comparable(guest)), "page \(number) does not name \(guest): \(pages[number])")
            #expect(page.contains("TKT-\(number)"))
        }
    }

    /// What a name is when only its letters count: pdftotext marks the direction of right-to-left texts, puts a space where
    /// letters are far apart, and breaks lines where the page does.
    private static func comparable(_ text: String) -> String {
        let letters = text.precomposedStringWithCompatibilityMapping.unicodeScalars.filter { scalar in
            !scalar.properties.isWhitespace && !scalar.properties.isBidiControl
        }
        var comparable = ""
        comparable.unicodeScalars.append(contentsOf: letters)
        return comparable
    }
}
