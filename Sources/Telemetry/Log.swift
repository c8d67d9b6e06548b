import FoundationEssentials
import Glibc

/// Writes one JSON object per line: `timestamp, service, level, message, correlation_id`, then what the caller adds.
///
/// Each line is a single `write`, so lines of several threads and processes do not mix.
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
    private let descriptor: CInt

    /// - Parameter descriptor: where to write; standard error by default, which leaves standard output to results.
    public init(service: String, threshold: Level = .info, descriptor: Int32 = 2) {
        self.service = service
        self.threshold = threshold
        self.descriptor = descriptor
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
        guard level >= threshold else { return }
        var line = "{\"timestamp\":\"\(Date.now.ISO8601Format(.iso8601WithFraction))\",\"service\":"
        line.appendJSON(service)
        line += ",\"level\":\"\(level)\",\"message\":"
        line.appendJSON(message)
        if let correlationID {
            line += ",\"correlation_id\":"
            line.appendJSON(correlationID)
        }
        for (name, value) in fields {
            line += ","
            line.appendJSON(name)
            line += ":"
            switch value {
            case .string(let text): line.appendJSON(text)
            case .integer(let number): line += String(number)
            case .double(let number): line += number.isFinite ? String(number) : "null"
            case .boolean(let flag): line += flag ? "true" : "false"
            }
        }
        line += "}\n"
        line.withUTF8 { bytes in _ = unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
    }
}

extension Date.ISO8601FormatStyle {
    fileprivate static var iso8601WithFraction: Self { Self(includingFractionalSeconds: true) }
}

extension String {
    /// Appends `text` as a JSON string, quotes included.
    package mutating func appendJSON(_ text: String) {
        self += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": self += "\\\""
            case "\\": self += "\\\\"
            case "\n": self += "\\n"
            case "\r": self += "\\r"
            case "\t": self += "\\t"
            case let control where control.value < 0x20 || control.value == 0x7f:
                let digits = String(control.value, radix: 16)
                self += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: unicodeScalars.append(scalar)
            }
        }
        self += "\""
    }
}
