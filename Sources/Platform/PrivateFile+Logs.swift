import Glibc

/// Logs that several processes append to, and that are set aside once they are large.
extension PrivateFile {
    /// How large a log may grow, in bytes.
    package static let logLimit = 16 << 20
    /// How many older ones are kept: `path.1`, the newest, to `path.3`.
    package static let logsKept = 3

    /// Opens a log to append to. One that has grown beyond `limit` bytes is first set aside as `path.1`.
    package static func openLog(_ path: String, limit: Int = logLimit) throws(SystemError) -> CInt {
        var found = stat()
        if unsafe lstat(path, &found) == 0, found.st_size > limit {
            shiftLogs(path)
            unsafe rename(path, path + ".1")
        }
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        return descriptor
    }

    /// Sets aside what is in a log that others go on appending to, once it is larger than `limit` bytes.
    ///
    /// It is copied and then emptied, since the writers keep the file. What is written between the last look at it and
    /// that moment, some microseconds, is lost. Where there is no room for the copy, the older ones go first.
    /// - Returns: whether it was.
    package static func rotateLog(_ path: String, limit: Int = logLimit) throws(SystemError) -> Bool {
        let log = unsafe open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC)
        guard log >= 0 else {
            if errno == ENOENT { return false }
            throw SystemError("open \(path)")
        }
        defer { close(log) }
        var found = stat()
        guard unsafe fstat(log, &found) == 0, found.st_mode & S_IFMT == S_IFREG, found.st_size > limit else {
            return false
        }
        do throws(SystemError) {
            try setAside(log, path, found)
        } catch {
            guard error.code == ENOSPC || error.code == EDQUOT else { throw error }
            for number in 1...logsKept { unsafe unlink("\(path).\(number)") }
            try setAside(log, path, found)
        }
        return true
    }

    private static func setAside(_ log: CInt, _ path: String, _ found: stat) throws(SystemError) {
        // A first try that found no room has read some of it: what it did not copy must not be taken for copied.
        guard lseek(log, 0, SEEK_SET) == 0 else { throw SystemError("read \(path)") }
        let draft = path + ".new"
        unsafe unlink(draft)
        let copy = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard copy >= 0 else { throw SystemError("create \(draft)") }
        defer { close(copy) }
        do throws(SystemError) {
            fchown(copy, found.st_uid, found.st_gid)
            try append(log, to: copy, path)
            shiftLogs(path)
            guard unsafe rename(draft, path + ".1") == 0 else { throw SystemError("set aside \(path)") }
            // What has come meanwhile.
            try append(log, to: copy, path)
            guard ftruncate(log, 0) == 0 else { throw SystemError("empty \(path)") }
        } catch {
            unsafe unlink(draft)
            throw error
        }
    }

    /// Copies from where the last call has ended to the end.
    private static func append(_ log: CInt, to copy: CInt, _ path: String) throws(SystemError) {
        var chunk = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(log, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemError("read \(path)") }
            if count == 0 { return }
            var rest = chunk[..<count]
            while !rest.isEmpty {
                let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(copy, $0.baseAddress, $0.count) }
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { throw SystemError("copy \(path)") }
                rest = rest.dropFirst(written)
            }
        }
    }

    private static func shiftLogs(_ path: String) {
        for number in stride(from: logsKept - 1, to: 0, by: -1) {
            unsafe rename("\(path).\(number)", "\(path).\(number + 1)")
        }
    }
}
