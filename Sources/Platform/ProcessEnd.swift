import Glibc

/// How a child process ended.
package enum ProcessEnd: Sendable, Hashable, CustomStringConvertible {
    case exited(CInt)
    case signalled(CInt)

    package var isSuccess: Bool { self == .exited(0) }

    package var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signalled(let number): "signal \(number)"
        }
    }

    /// Reaps the child if it has ended; nil while it runs, and for what is not a child of this process.
    package static func reap(_ child: CInt) -> ProcessEnd? {
        var status: CInt = 0
        guard unsafe waitpid(child, &status, WNOHANG) == child else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }
}
