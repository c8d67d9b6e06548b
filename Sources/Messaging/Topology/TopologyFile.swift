import Glibc
public import Models

/// Reads `queues.yaml`, the one description of exchanges, queues, bindings and policies.
public enum TopologyFile {
    /// Reads a file from disk.
    ///
    /// - Throws: ``TopologyMistakes`` with every mistake; one on line 1 when the file can't be read at all.
    public static func load(from path: String) throws(TopologyMistakes) -> Topology {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let bytes = contents(of: path) else {
            let reason = unsafe String(cString: strerror(errno))
            throw TopologyMistakes(file: path, mistakes: [.init(line: 1, message: "cannot be read: \(reason)")])
        }
        return try decode(bytes, file: name)
    }

    /// Reads the text of a file.
    ///
    /// - Parameter file: the name to show before each line number.
    public static func decode(_ text: String, file: String = "queues.yaml") throws(TopologyMistakes) -> Topology {
        try decode(Array(text.utf8), file: file)
    }

    static func decode(_ bytes: [UInt8], file: String) throws(TopologyMistakes) -> Topology {
        let root: YAMLNode?
        do {
            root = try YAMLDocument.root(of: bytes)
        } catch {
            throw TopologyMistakes(file: file, mistakes: [error])
        }
        let collector = MistakeCollector()
        guard let root else {
            throw TopologyMistakes(file: file, mistakes: [.init(line: 1, message: "the file is empty")])
        }
        let topology = TopologyDecoder(collector: collector).topology(from: root)
        let mistakes = collector.mistakes.enumerated()
            .sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }.map(\.element)
        guard let topology, mistakes.isEmpty else { throw TopologyMistakes(file: file, mistakes: mistakes) }
        return topology
    }

    /// The bytes of a file, up to one more than is allowed, which is then refused for its size.
    private static func contents(of path: String) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { _ = Glibc.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: YAMLDocument.largest + 1)
        var filled = 0
        while filled < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe read(descriptor, buffer.baseAddress.map { unsafe $0 + filled }, buffer.count - filled)
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
