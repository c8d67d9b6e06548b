import Glibc

/// A file that appears under its name once it is complete. It may hold personal data: only its owner can read it.
final class OutputFile {
    /// What it is called until then.
    let draft: String
    private let path: String
    private let descriptor: CInt

    /// - Parameter path: `-` is standard output.
    init(_ path: String) throws(AuditError) {
        self.path = path
        guard path != "-" else {
            (draft, descriptor) = ("", 1)
            return
        }
        draft = "\(path).\(getpid()).part"
        descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("cannot write", path) }
    }

    deinit { if descriptor > 2 { close(descriptor) } }

    func write(_ text: String) throws(AuditError) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Self.failure("cannot write", path) }
            rest = rest.dropFirst(count)
        }
    }

    func finish() throws(AuditError) {
        guard path != "-" else { return }
        guard fsync(descriptor) == 0, unsafe rename(draft, path) == 0 else { throw Self.failure("cannot write", path) }
    }

    func abandon() {
        if path != "-" { unsafe unlink(draft) }
    }

    private static func failure(_ what: String, _ path: String) -> AuditError {
        let problem = unsafe String(cString: strerror(errno))
        return AuditError(
            code: .file,
            operation: "write a report",
            detail: "\(what) \(path): \(problem)",
            isRetriable: false
        )
    }
}
