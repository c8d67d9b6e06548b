import Glibc

/// Where the rows of a report go.
protocol ReportFile: AnyObject {
    func append(_ rows: [ReportRow]) async throws
    /// The file is complete then.
    func finish() async throws
    /// Leaves no half of a file.
    func abandon() async
}
