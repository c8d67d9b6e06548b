import Glibc

/// How a child process ended.
package enum ProcessEnd: Sendable, Hashable, CustomStringConvertible {
    case exited(CInt)
    case signalled(CInt)
    /// It is no child of this process, or somebody else has reaped it.
    case unknown

    package var isSuccess: Bool { self == .exited(0) }

    package var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signalled(let number): "signal \(number)"
        case .unknown: "nobody knows how"
        }
    }

    /// Reaps the child if it has ended; `nil` while it runs.
    package static func reap(_ child: CInt) -> ProcessEnd? {
        var status: CInt = 0
        let reaped = unsafe waitpid(child, &status, WNOHANG)
        guard reaped == child else { return reaped < 0 && errno == ECHILD ? .unknown : nil }
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }
}
