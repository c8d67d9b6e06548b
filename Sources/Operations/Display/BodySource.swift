package import FlotillaCommandLineKit
import FoundationEssentials
import Glibc

/// Where a body comes from: the word itself, `@FILE`, or `-` for standard input.
package enum BodySource: TextValue {
    case literal(String)
    case file(String)
    case standardInput

    package init(text: String) {
        if text == "-" {
            self = .standardInput
        } else if text.hasPrefix("@") {
            self = .file(String(text.dropFirst()))
        } else {
            self = .literal(text)
        }
    }

    package static var expectation: String { "JSON, @FILE or -" }

    package var text: String {
        switch self {
        case .literal(let text): text
        case .file(let path): "@" + path
        case .standardInput: "-"
        }
    }

    package func read() throws(CommandError) -> [UInt8] {
        switch self {
        case .literal(let text): return Array(text.utf8)
        case .file(let path):
            guard let data = FileManager.default.contents(atPath: path) else {
                throw CommandError("cannot read \(path)", status: .wrongUse)
            }
            return Array(data)
        case .standardInput:
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = unsafe Glibc.read(0, &chunk, chunk.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return bytes }
                bytes += chunk[..<count]
            }
        }
    }
}
