/// How results are printed.
package enum OutputFormat: String, CaseIterable, TextValue {
    case table, json

    /// `--output table|json`, for every command that shows something.
    package static let option = Option<OutputFormat>("output", "table|json", "How to print the result")
        .defaulting(to: .table)
}
