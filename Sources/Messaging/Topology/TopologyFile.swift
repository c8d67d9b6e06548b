public import FlotillaModels
import FlotillaYAMLFiles

/// Reads `queues.yaml`, the one description of exchanges, queues, bindings and policies.
public enum TopologyFile {
    /// Reads a file from disk.
    ///
    /// - Throws: ``TopologyMistakes`` with every mistake; one on line 1 when the file can't be read at all.
    public static func load(from path: String) throws(TopologyMistakes) -> Topology {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let bytes: [UInt8]
        do {
            bytes = try YAMLFile.contents(of: path)
        } catch {
            throw TopologyMistakes(file: path, mistakes: [error])
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
        let (topology, mistakes) = YAMLFile.read(bytes) { root, collector in
            TopologyDecoder(collector: collector).topology(from: root)
        }
        guard let topology, mistakes.isEmpty else { throw TopologyMistakes(file: file, mistakes: mistakes) }
        return topology
    }
}
