/// Which log lines are written, and which are counted because the same was written a moment ago: a pure state machine,
/// which gets the time from its caller.
///
/// Lines are the same when level, message and the fields that tell kinds apart are: queue, dependency, type of error.
/// What differs with every message (ids, texts of errors) does not count, nor do numbers and flags in warnings and errors,
/// which count attempts and waits. At level `info` they do, as places do: there they are the news itself. Of each kind the
/// first line of a window is written at once, of errors the first ten; the rest is one line at the window's end.
struct RepeatedLines {
    struct Kind: Hashable {
        let level: Log.Level
        let message: String
        let fields: [String]
    }

    /// What was counted in one window.
    struct Summary {
        let level: Log.Level
        let message: String
        let count: Int
        let fields: [(key: String, value: Log.Value)]
    }

    private struct Window {
        var end: ContinuousClock.Instant
        var written = 1
        var counted = 0
        let fields: [(key: String, value: Log.Value)]
    }

    static let window = Duration.seconds(10)
    /// So that one wrong message can be followed through a storm of others.
    private static let errorsWritten = 10
    private static let mostKinds = 512
    /// Fields that differ from line to line, or that only say where the same was met.
    private static let distinct: Set<String> = [
        "message_id", "correlation_id", "error", "reason", "problem", "detail", "job", "traceparent", "id",
    ]
    private static let places: Set<String> = ["worker", "connection", "process", "channel"]

    private var windows: [Kind: Window] = [:]

    /// Whether to write this line; else it is counted.
    mutating func admits(
        _ level: Log.Level,
        _ message: String,
        _ fields: some Collection<(key: String, value: Log.Value)>,
        at now: ContinuousClock.Instant
    ) -> Bool {
        let told = Self.telling(fields, level)
        let kind = Kind(level: level, message: message, fields: told.map { "\($0.key)=\($0.value)" })
        if var window = windows[kind], window.end > now {
            let isWritten = level == .error && window.written < Self.errorsWritten
            if isWritten { window.written += 1 } else { window.counted += 1 }
            windows[kind] = window
            return isWritten
        }
        // A window with a count is ended by whoever takes the summaries.
        if windows[kind]?.counted ?? 0 > 0 {
            windows[kind]?.counted += 1
            return false
        }
        if windows.count >= Self.mostKinds { windows = windows.filter { $0.value.end > now || $0.value.counted > 0 } }
        guard windows.count < Self.mostKinds else { return true }
        windows[kind] = Window(end: now + Self.window, fields: told)
        return true
    }

    /// When the next summary is due; `nil` while nothing is counted.
    var nextDue: ContinuousClock.Instant? { windows.values.filter { $0.counted > 0 }.map(\.end).min() }

    /// The summaries of the windows that have ended, all of them when `isEnding`; their counts begin anew.
    mutating func takeDue(at now: ContinuousClock.Instant, isEnding: Bool = false) -> [Summary] {
        var due: [Summary] = []
        for (kind, window) in windows where window.counted > 0 && (isEnding || window.end <= now) {
            due.append(
                Summary(level: kind.level, message: kind.message, count: window.counted, fields: window.fields)
            )
            windows[kind] = nil
        }
        return due.sorted { $0.message < $1.message }
    }

    private static func telling(
        _ fields: some Collection<(key: String, value: Log.Value)>,
        _ level: Log.Level
    ) -> [(key: String, value: Log.Value)] {
        fields.filter { field in
            if case .string(let text) = field.value {
                guard text.utf8.count <= 200 else { return false }
            } else if level > .info {
                return false
            }
            return !distinct.contains(field.key) && (level == .info || !places.contains(field.key))
        }
    }
}
