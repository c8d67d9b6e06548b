import CFlotillaLinux
import Glibc

/// A lock on a file that belongs to the open file: processes that inherit the descriptor hold it with us, and the
/// kernel gives it back when the last of them ends. A lock is never stale.
package struct FileLock: ~Copyable {
    /// Hand it to ``ProcessRequest/record`` to let a new process hold the lock.
    package let descriptor: CInt

    /// Takes the lock, creating the file; nil when somebody else holds it and `wait` is false.
    package static func take(_ path: String, wait: Bool = false) throws(SystemError) -> FileLock? {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        if fleet_lock(descriptor, wait ? 1 : 0) == 0 { return FileLock(descriptor: descriptor) }
        let code = errno
        close(descriptor)
        guard code == EAGAIN || code == EACCES else { throw SystemError("lock \(path)", code: code) }
        return nil
    }

    /// Whether anybody holds the lock. Asking takes nothing, so it disturbs nobody.
    package static func isHeld(_ path: String) -> Bool {
        let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fleet_is_locked(descriptor) == 1
    }

    private init(descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }
}
