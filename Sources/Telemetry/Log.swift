import FlotillaPlatform
import FoundationEssentials

/// Writes one JSON object per line: `timestamp, service, level, message, correlation_id`, then what the caller adds.
///
/// A line goes into a buffer, from which a thread of its own writes it: no caller waits for a reader that stops. Lines
/// of several threads and processes do not mix.
///
/// A line that was written less than ten seconds ago is counted instead, and the count is written once they are over: the
/// first line of a kind is written at once, of errors the first ten. A kind is level, message and those fields that tell
/// one matter from another. Ids (`message_id`, `job`, …), texts of errors (`error`, `reason`, …) and texts over 200 bytes
/// never do; numbers, flags and places (`worker`, `connection`, …) do at level `info` only. So an `info` line that has to
/// be there for each message needs a field of its own, or the level `debug`, of which every line is written.
public struct Log: Sendable {
    public enum Level: Int, Sendable, Comparable, CaseIterable {
        case debug, info, warning, error

        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    public enum Value: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
        ExpressibleByBooleanLiteral
    {
        case string(String)
        case integer(Int)
        case double(Double)
        case boolean(Bool)

        public init(stringLiteral value: String) { self = .string(value) }
        public init(integerLiteral value: Int) { self = .integer(value) }
        public init(floatLiteral value: Double) { self = .double(value) }
        public init(booleanLiteral value: Bool) { self = .boolean(value) }
    }

    /// The process's part in the fleet: `worker`, `api`.
    public let service: String
    /// Lines below this level are not written.
    public let threshold: Level
    /// `nil` writes nothing.
    private let writer: LogWriter?
    /// `nil` where each line is written.
    private let repeats: RepeatCounter?

    /// - Parameters:
    ///   - descriptor: where to write; standard error by default, which leaves standard output to results.
    ///   - writesRepeats: whether lines like one of the last ten seconds are written too, and not only counted.
    public init(service: String, threshold: Level = .info, descriptor: Int32 = 2, writesRepeats: Bool = false) {
        let writer: LogWriter? = descriptor == 2 ? .standardError : descriptor < 0 ? nil : LogWriter(descriptor)
        self.init(service: service, threshold: threshold, writer: writer, writesRepeats: writesRepeats)
    }

    public func debug(_ message: String, correlationID: String? = nil, _ fields: KeyValuePairs<String, Value> = [:]) {
        write(.debug, message, correlationID, fields)
    }

    public func info(_ message: String, correlationID: String? = nil, _ fields: KeyValuePairs<String, Value> = [:]) {
        write(.info, message, correlationID, fields)
    }

    public func warning(_ message: String, correlationID: String? = nil, _ fields: KeyValuePairs<String, Value> = [:]) {
        write(.warning, message, correlationID, fields)
    }

    public func error(_ message: String, correlationID: String? = nil, _ fields: KeyValuePairs<String, Value> = [:]) {
        write(.error, message, correlationID, fields)
    }

    private func write(
        _ level: Level,
        _ message: String,
        _ correlationID: String?,
        _ fields: KeyValuePairs<String, Value>
    ) {
        guard level >= threshold, writer != nil else { return }
        if let repeats, !repeats.admits(level, message, fields, write: { self.write($0) }) { return }
        writeLine(level, message, correlationID, fields)
    }

    /// Writes what has been counted instead of written, for the end of the process.
    package func writeRepeats() {
        for summary in repeats?.takeAll() ?? [] { write(summary) }
    }

    private func write(_ summary: RepeatedLines.Summary) {
        let seconds = Int(RepeatedLines.window / .seconds(1))
        let message =
            "\(summary.message) (repeated \(summary.count == 1 ? "once" : "\(summary.count) times") in \(seconds) s)"
        writeLine(summary.level, message, nil, summary.fields + [("repeated", .integer(summary.count))])
    }

    private func writeLine(
        _ level: Level,
        _ message: String,
        _ correlationID: String?,
        _ fields: some Sequence<(key: String, value: Value)>
    ) {
        writer?.write(Self.line(level, message, service, correlationID, fields), of: service)
    }

    static func line(
        _ level: Level,
        _ message: String,
        _ service: String,
        _ correlationID: String?,
        _ fields: some Sequence<(key: String, value: Value)>
    ) -> String {
        var line = "{\"timestamp\":\"\(Date.now.ISO8601Format(.iso8601WithFraction))\",\"service\":"
        line.appendJSON(service)
        line += ",\"level\":\"\(level)\",\"message\":"
        line.appendJSON(message, escapingControls: true)
        if let correlationID {
            line += ",\"correlation_id\":"
            line.appendJSON(correlationID, escapingControls: true)
        }
        for (name, value) in fields {
            line += ","
            line.appendJSON(name, escapingControls: true)
            line += ":"
            switch value {
            case .string(let text): line.appendJSON(text, escapingControls: true)
            case .integer(let number): line += String(number)
            case .double(let number): line += number.isFinite ? String(number) : "null"
            case .boolean(let flag): line += flag ? "true" : "false"
            }
        }
        line += "}\n"
        return line
    }

    /// Writes to `writer`; `nil` writes nothing.
    package init(service: String, threshold: Level = .info, writer: LogWriter?, writesRepeats: Bool = false) {
        (self.service, self.threshold, self.writer) = (service, threshold, writer)
        repeats = writesRepeats ? nil : RepeatCounter()
    }
}

extension Date.ISO8601FormatStyle {
    fileprivate static var iso8601WithFraction: Self { Self(includingFractionalSeconds: true) }
}

extension String {
    /// Appends `text` as a JSON string, quotes included.
    ///
    /// - Parameter escapingControls: whether to escape all that could steer a terminal, beyond what JSON demands.
    package mutating func appendJSON(_ text: String, escapingControls: Bool = false) {
        self += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": self += "\\\""
            case "\\": self += "\\\\"
            case "\n": self += "\\n"
            case "\r": self += "\\r"
            case "\t": self += "\\t"
            case let control
            where control.value < 0x20 || control.value == 0x7f || (escapingControls && control.isTextControl):
                self += control.jsonEscape
            default: unicodeScalars.append(scalar)
            }
        }
        self += "\""
    }
}
