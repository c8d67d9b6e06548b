/// How a report is written.
package enum ReportFormat: String, Sendable, CaseIterable {
    /// One JSON array of objects, an object a line.
    case json
    /// RFC 4180, in UTF-8, with a heading.
    case csv
    /// A workbook.
    case xlsx
}
