/// Why something can't be done with a cron entry.
package struct CronError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        /// There is no entry of that name.
        case unknown
        /// The entry is of the file, which alone changes it.
        case fromFile = "from_file"
        /// An earlier run is unfinished, and the entry's rule says not to run beside it.
        case unfinished
        /// More runs than one call may make.
        case tooMany = "too_many"
        /// Its schedule or its zone does not read any more.
        case unreadable
    }

    package let code: Code
    package let detail: String

    init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    package var description: String { detail }

    static func unknown(_ name: String) -> CronError { CronError(.unknown, "there is no cron entry \(name)") }
}
