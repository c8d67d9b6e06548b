import FlotillaPlatform
import Glibc

/// Writes what a filter means into a file, the oldest first, a page at a time: memory does not grow with the report.
package struct AuditReport: Sendable {
    private static let pageRows = 1_000

    private let log: AuditLog
    private let filter: AuditFilter

    package init(_ log: AuditLog, _ filter: AuditFilter) {
        self.log = log
        self.filter = filter
    }

    /// - Parameters:
    ///   - path: `-` is standard output, which a workbook can't go to.
    ///   - reveals: whether personal values are opened.
    ///   - progress: told after each page how many rows there are so far, and until when.
    /// - Returns: how many rows there are.
    package func write(
        to path: String,
        as format: ReportFormat,
        reveals: Bool,
        progress: (_ rows: Int, _ until: Int64) -> Void = { _, _ in }
    ) async throws -> Int {
        let file: any ReportFile
        switch format {
        case .json: file = try JSONReport(path)
        case .csv: file = try CSVReport(path)
        case .xlsx: file = try await WorkbookReport(path)
        }
        var count = 0
        var cursor: AuditLog.Cursor?
        do {
            repeat {
                let page = try await log.page(
                    filter,
                    .oldestFirst,
                    after: cursor,
                    limit: Self.pageRows,
                    reveals: reveals
                )
                try await file.append(page.entries.map(ReportRow.init))
                count += page.entries.count
                if let last = page.entries.last { progress(count, last.record.recordedAt) }
                cursor = page.next
            } while cursor != nil
            try await file.finish()
        } catch {
            await file.abandon()
            throw error
        }
        return count
    }
}

private final class JSONReport: ReportFile {
    private let file: OutputFile
    private var isFirst = true

    init(_ path: String) throws(AuditError) {
        file = try OutputFile(path)
        try file.write("[")
    }

    func append(_ rows: [ReportRow]) throws {
        var text = ""
        for row in rows {
            text += isFirst ? "\n" : ",\n"
            text += row.json
            isFirst = false
        }
        try file.write(text)
    }

    func finish() throws {
        try file.write("\n]\n")
        try file.finish()
    }

    func abandon() { file.abandon() }
}

private final class CSVReport: ReportFile {
    private let file: OutputFile

    init(_ path: String) throws(AuditError) {
        file = try OutputFile(path)
        try file.write(CSVText.line(ReportRow.heading))
    }

    func append(_ rows: [ReportRow]) throws { try file.write(rows.map { CSVText.line($0.cells) }.joined()) }

    func finish() throws { try file.finish() }

    func abandon() { file.abandon() }
}

private final class WorkbookReport: ReportFile {
    private let sheet = SpreadsheetFile(heading: ReportRow.heading)
    private let file: OutputFile

    init(_ path: String) async throws {
        guard path != "-" else {
            throw AuditError(
                code: .invalid,
                operation: "write a workbook",
                detail: "a workbook can't go to standard output: name a file with --output",
                isRetriable: false
            )
        }
        file = try OutputFile(path)
        try await sheet.open(file.draft, scratch: PrivateFile.parent(of: file.draft) ?? ".")
    }

    func append(_ rows: [ReportRow]) async throws { try await sheet.append(rows.map(\.cells)) }

    func finish() async throws {
        try await sheet.finish()
        try file.finish()
    }

    func abandon() async {
        try? await sheet.finish()
        file.abandon()
    }
}
