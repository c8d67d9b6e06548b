@testable import FlotillaCron
import FlotillaTestSupport
import Foundation
import Testing

/// What docs/cron.md shows.
struct CronDocumentTests {
    private static let page = Repository.file("docs/cron.md")

    @Test func `the page's tables of runs are right`() throws {
        let rows = try String(contentsOf: Self.page, encoding: .utf8).split(separator: "\n").compactMap {
            line -> [String]? in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            return cells.count == 4 && cells[2].hasSuffix("Z") ? cells : nil
        }
        #expect(rows.count == 12)
        for row in rows {
            let runs = row[3].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            let schedule = row[0].filter { $0 != "`" }
            let found = try Instants.upcoming(runs.count, schedule, after: row[2], zone: row[1])
            #expect(found == runs, "\(schedule) in \(row[1])")
        }
    }

    @Test func `the page's entry reads`() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let start = try #require(text.range(of: "```yaml\n"))
        let end = try #require(text[start.upperBound...].range(of: "\n```"))
        let section = String(text[start.upperBound..<end.lowerBound])
        let entries = try CronFile.decode(section, types: ["report.generate"])
        #expect(entries.map(\.name) == ["nightly-report"] && entries.first?.expiresAfter == .seconds(21_600))
    }
}
