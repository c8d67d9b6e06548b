import FlotillaModels
import FlotillaPlatform
import Glibc

/// Checkpoints outside the database, one JSON object a line, only ever added to: what shows that rows and checkpoints
/// went from the database together. The file is best kept where the database's users can't write.
package struct CheckpointFile: Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    /// Hands over what the file has, a line at a time; nothing without a file.
    ///
    /// - Throws: `AuditError` for a line that is no checkpoint.
    package func forEach(_ body: (SignedCheckpoint) throws -> Void) throws {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw failure("cannot open") }
            return
        }
        defer { close(descriptor) }
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        var rest: [UInt8] = []
        var number = 0
        while true {
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { throw failure("cannot read") }
            guard count > 0 else { break }
            rest += chunk[..<count]
            var start = 0
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                number += 1
                try body(try checkpoint(Array(rest[start..<end]), number))
                start = end + 1
            }
            rest.removeFirst(start)
        }
        // What follows the last line end is a line that was being written when the machine stopped.
    }

    private func checkpoint(_ line: [UInt8], _ number: Int) throws -> SignedCheckpoint {
        guard let value = try? JSONValue(line), case .string(let statement)? = value["statement"],
            case .string(let keyID)? = value["keyId"], case .string(let signature)? = value["signature"],
            let bytes = Base64.decode(signature)
        else {
            throw AuditError(
                code: .file,
                operation: "read checkpoints",
                detail: "line \(number) of \(path) is no checkpoint",
                isRetriable: false
            )
        }
        return SignedCheckpoint(statement: statement, keyID: keyID, signature: bytes)
    }

    /// Adds checkpoints, and waits until they are on the disk.
    func append(_ checkpoints: [SignedCheckpoint]) throws {
        guard !checkpoints.isEmpty else { return }
        let lines = checkpoints.map { checkpoint in
            JSONValue.members([
                .init(name: "statement", value: .string(checkpoint.statement)),
                .init(name: "keyId", value: .string(checkpoint.keyID)),
                .init(name: "signature", value: .string(Base64.encode(checkpoint.signature))),
            ]).json + "\n"
        }
        if let folder = PrivateFile.parent(of: path) { try PrivateFile.makeFolder(folder) }
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot open") }
        defer { close(descriptor) }
        // In one piece, so that processes that share the file do not cut each other's lines.
        let bytes = Array(lines.joined().utf8)
        let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count == bytes.count, fsync(descriptor) == 0 else { throw failure("cannot write") }
    }

    private func failure(_ what: String) -> AuditError {
        let problem = unsafe String(cString: strerror(errno))
        return AuditError(
            code: .file,
            operation: "checkpoints",
            detail: "\(what) \(path): \(problem)",
            isRetriable: false
        )
    }
}
