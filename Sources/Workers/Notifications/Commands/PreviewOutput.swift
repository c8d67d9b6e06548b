import FlotillaCommandLineKit

/// `table` or `json` on standard output, or else a file.
enum PreviewOutput: TextValue {
    case format(OutputFormat)
    case file(String)

    init?(text: String) {
        guard !text.isEmpty else { return nil }
        self = OutputFormat(text: text).map { .format($0) } ?? .file(text)
    }

    static var expectation: String { "table, json or a file" }

    var text: String {
        switch self {
        case .format(let format): format.text
        case .file(let path): path
        }
    }
}
