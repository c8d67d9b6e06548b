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

    /// Reaps every child that has ended, unless one of `others` is among them: then those after it wait for the next call.
    package static func reapAll(but others: Set<CInt>) {
        while true {
            // The kernel leaves it as it is when no child has ended.
            var ended = unsafe siginfo_t()
            guard unsafe waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 else { return }
            let child = unsafe ended._sifields._sigchld.si_pid
            guard child > 0, !others.contains(child), reap(child) != nil else { return }
        }
    }
}
