import Glibc

/// Reads a file of settings, and gathers what is wrong with it.
package enum YAMLFile {
    /// The bytes of a file, up to one more than is allowed, which ``read(_:_:)`` refuses for its size.
    ///
    /// - Throws: a mistake on line 1 when the file can't be read.
    package static func contents(of path: String) throws(FileMistake) -> [UInt8] {
        guard let bytes = bytes(of: path) else {
            let reason = unsafe String(cString: strerror(errno))
            throw FileMistake(line: 1, message: "cannot be read: \(reason)")
        }
        return bytes
    }

    /// Hands the root of the document to `decode`.
    ///
    /// - Returns: what `decode` made, and every mistake in the order of lines. With a mistake the value is not to be used.
    package static func read<Value>(
        _ bytes: [UInt8],
        _ decode: (YAMLNode, MistakeCollector) -> Value?
    ) -> (value: Value?, mistakes: [FileMistake]) {
        do throws(FileMistake) {
            guard let root = try YAMLDocument.root(of: bytes) else {
                return (nil, [FileMistake(line: 1, message: "the file is empty")])
            }
            let collector = MistakeCollector()
            let value = decode(root, collector)
            let mistakes = collector.mistakes.enumerated()
                .sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }.map(\.element)
            return (value, mistakes)
        } catch {
            return (nil, [error])
        }
    }

    private static func bytes(of path: String) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { _ = Glibc.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: YAMLDocument.largest + 1)
        var filled = 0
        while filled < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress.map { unsafe $0 + filled }, buffer.count - filled)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            filled += count
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }
}
