import FlotillaCommandLineKit

/// The words of `FLOTILLA_LOG_LEVEL`.
package enum LogLevel: String, CaseIterable, TextValue {
    case debug, info, warning, error
}
