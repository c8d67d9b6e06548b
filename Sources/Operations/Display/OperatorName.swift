import Glibc

/// Who works at the command line, for the records of what operators do.
package enum OperatorName {
    /// The user; through sudo, who called it.
    package static var current: String {
        for name in ["SUDO_USER", "USER", "LOGNAME"] {
            if let value = unsafe getenv(name).map({ unsafe String(cString: $0) }), !value.isEmpty { return value }
        }
        return "uid \(getuid())"
    }
}
