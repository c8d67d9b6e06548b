@testable import FlotillaAudit
import FlotillaPlatform
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct AuditReportTests {
    func with(_ body: (TestDatabase, AuditLog, String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: TestServers.uniqueWord()).path()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await TestDatabase.with(migrated: true) { database async throws in
            let harness = try AuditWorkerTests.harness(database.pool)
            for batch in 0..<5 {
                #expect(await harness.handle(AuditWorkerTests.inputs(batch * 500..<batch * 500 + 500)).areDone)
            }
            let formula = #"{"userId":"=1+1","note":"a, \"b\"","email":"ann@example.com"}"#
            #expect(await harness.handle([AuditPrivacyTests.input("=cmd", "user.updated", formula)]).areDone)
            let log = AuditLog(database.pool, privacy: try AuditWorkerTests.privacy(database.pool))
            try await body(database, log, folder)
        }
    }

    @Test func `JSON has every row once, in order, with its body as JSON`() async throws {
        try await with { database, log, folder async throws in
            let path = folder + "/report.json"
            #expect(try await AuditReport(log, AuditFilter()).write(to: path, as: .json, reveals: true) == 2_501)
            let rows = try #require(
                try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path))) as? [[String: Any]]
            )
            #expect(rows.count == 2_501)
            #expect(Set(rows.compactMap { $0["id"] as? String }).count == 2_501)
            let times = rows.compactMap { $0["recordedAt"] as? String }
            #expect(times == times.sorted())
            let last = try #require(rows.last?["body"] as? [String: Any])
            #expect(last["email"] as? String == "ann@example.com")
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["report.json"])
            _ = database
        }
    }

    @Test func `filters leave out the rest, and what is not to be seen is sealed`() async throws {
        try await with { database, log, folder async throws in
            var filter = AuditFilter()
            filter.subject = "p-7"
            #expect(try await AuditReport(log, filter).write(to: folder + "/a.csv", as: .csv, reveals: true) == 1)
            filter = AuditFilter()
            filter.event = "user.*"
            #expect(try await AuditReport(log, filter).write(to: folder + "/b.csv", as: .csv, reveals: false) == 1)
            let text = try String(contentsOfFile: folder + "/b.csv", encoding: .utf8)
            let lines = text.components(separatedBy: "\r\n")
            #expect(lines.count == 3 && lines[0] == ReportRow.heading.joined(separator: ","))
            #expect(text.contains("sealed") && !text.contains("ann@"))
            #expect(text.contains(",'=1+1,") && text.contains(",'=cmd,"))
            filter = AuditFilter()
            filter.until = WallClock.microseconds() - 3_600_000_000
            #expect(try await AuditReport(log, filter).write(to: folder + "/c.json", as: .json, reveals: true) == 0)
            #expect(try String(contentsOfFile: folder + "/c.json", encoding: .utf8) == "[\n]\n")
            _ = database
        }
    }

    @Test func `a workbook opens, and holds every row`() async throws {
        try await with { database, log, folder async throws in
            let path = folder + "/report.xlsx"
            #expect(try await AuditReport(log, AuditFilter()).write(to: path, as: .xlsx, reveals: true) == 2_501)
            let listing = try await Self.python(
                """
                import zipfile, re, sys
                sheet = zipfile.ZipFile(sys.argv[1]).read("xl/worksheets/sheet1.xml").decode()
                print(len(re.findall("<row ", sheet)), sheet.count("<f>"), "ann@example.com" in sheet)
                """,
                path
            )
            #expect(listing == "2502 0 True")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["report.xlsx"])
            _ = database
        }
    }

    @Test func `a folder that is not there is said, and nothing half-written stays`() async throws {
        try await with { _, log, folder async throws in
            await #expect(throws: AuditError.self) {
                _ = try await AuditReport(log, AuditFilter()).write(to: folder + "/no/x.csv", as: .csv, reveals: true)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
        }
    }

    static func python(_ program: String, _ argument: String) async throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", program, argument]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
