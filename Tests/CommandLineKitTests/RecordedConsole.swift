import FlotillaCommandLineKit
import Synchronization

/// A console that keeps what is written to it.
final class RecordedConsole: Sendable {
    private let written = Mutex((results: "", messages: ""))

    var results: String { written.withLock { $0.results } }
    var messages: String { written.withLock { $0.messages } }

    var console: Console {
        Console { [self] text, isMessage in
            written.withLock { written in
                if isMessage { written.messages += text } else { written.results += text }
            }
        }
    }
}
