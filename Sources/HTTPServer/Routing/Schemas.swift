/// JSON Schema of what the answers carry in `data`, by the names that `/openapi.json` gives them. Each part of the API adds
/// its own.
package enum Schemas {
    /// Any JSON value.
    package static let anything = #"{"type":["object","array","string","number","boolean","null"]}"#
}
