import CFlotillaLinux
import Glibc

/// A failed system call, with the call's subject.
package struct SystemError: Error, CustomStringConvertible {
    package let code: CInt
    package let operation: String

    package init(_ operation: String, code: CInt = errno) {
        (self.operation, self.code) = (operation, code)
    }

    package var description: String {
        unsafe "\(operation): \(String(cString: strerror(code)))"
    }
}
