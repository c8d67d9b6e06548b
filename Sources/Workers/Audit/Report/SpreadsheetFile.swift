import FlotillaPlatform
import CFlotillaXLSXWriter

/// A workbook that is written row by row, in memory that does not grow with it (libxlsxwriter).
///
/// A sheet takes 1,048,576 rows; what comes after goes on a next one.
actor SpreadsheetFile {
    private static let rowsOfSheet = 1_048_576
    /// Excel refuses longer texts, in UTF-16 units.
    private static let longestText = 32_767

    private nonisolated let executor: ThreadExecutor
    private var workbook: Workbook?
    private var sheets = 0
    private var row = 0
    private let heading: [String]

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(heading: [String]) {
        executor = ThreadExecutor(name: "xlsx")
        self.heading = heading
    }

    deinit { executor.stop() }

    /// - Parameter scratch: a folder for what the library puts aside until the end.
    func open(_ path: String, scratch: String) throws(AuditError) {
        guard let made = Workbook(path, scratch: scratch) else {
            throw Self.failure("cannot make a workbook at \(path)")
        }
        workbook = consume made
        try addSheet()
    }

    func append(_ rows: [[String]]) throws(AuditError) {
        for cells in rows {
            if row >= Self.rowsOfSheet { try addSheet() }
            try write(cells, isHeading: false)
        }
    }

    /// Writes what is left; the file is complete then.
    func finish() throws(AuditError) {
        guard let problem = workbook?.close() else { return }
        throw Self.failure(problem)
    }

    private func addSheet() throws(AuditError) {
        sheets += 1
        row = 0
        guard workbook?.addSheet("Audit \(sheets)") == true else { throw Self.failure("cannot add a sheet") }
        try write(heading, isHeading: true)
    }

    private func write(_ cells: [String], isHeading: Bool) throws(AuditError) {
        for (column, text) in cells.enumerated() where !text.isEmpty {
            guard workbook?.write(Self.fitting(text), row: row, column: column, isHeading: isHeading) == true else {
                throw Self.failure("cannot write row \(row + 1)")
            }
        }
        row += 1
    }

    private static func fitting(_ text: String) -> String {
        guard text.utf8.count > longestText, text.utf16.count > longestText else { return text }
        var end = text.utf16.index(text.startIndex, offsetBy: longestText - 1)
        while end.samePosition(in: text) == nil { end = text.utf16.index(before: end) }
        return text[..<end] + "…"
    }

    private static func failure(_ detail: String) -> AuditError {
        AuditError(code: .file, operation: "write a workbook", detail: detail, isRetriable: false)
    }
}

/// Owns the library's workbook, which frees itself when it is closed.
@safe private struct Workbook: ~Copyable {
    private var workbook: UnsafeMutablePointer<lxw_workbook>?
    private var sheet: UnsafeMutablePointer<lxw_worksheet>?
    private var bold: UnsafeMutablePointer<lxw_format>?

    init?(_ path: String, scratch: String) {
        let made = unsafe scratch.withCString { scratch in
            var options = unsafe lxw_workbook_options()
            unsafe options.constant_memory = 1
            unsafe options.tmpdir = UnsafeMutablePointer(mutating: scratch)
            return unsafe workbook_new_opt(path, &options)
        }
        guard let made = unsafe made else { return nil }
        unsafe workbook = made
        unsafe bold = workbook_add_format(made)
        unsafe format_set_bold(bold)
    }

    deinit {
        if let workbook = unsafe workbook { unsafe workbook_close(workbook) }
    }

    mutating func addSheet(_ name: String) -> Bool {
        unsafe sheet = workbook_add_worksheet(workbook, name)
        guard let sheet = unsafe sheet else { return false }
        unsafe worksheet_freeze_panes(sheet, 1, 0)
        return true
    }

    /// Writes text, which no program takes for a formula.
    func write(_ text: String, row: Int, column: Int, isHeading: Bool) -> Bool {
        let error = unsafe worksheet_write_string(
            sheet,
            lxw_row_t(row),
            lxw_col_t(column),
            text,
            isHeading ? bold : nil
        )
        return error == LXW_NO_ERROR
    }

    /// Writes the file; returns what went wrong.
    mutating func close() -> String? {
        guard let open = unsafe workbook else { return nil }
        unsafe workbook = nil
        let error = unsafe workbook_close(open)
        return error == LXW_NO_ERROR ? nil : unsafe String(cString: lxw_strerror(error))
    }
}
