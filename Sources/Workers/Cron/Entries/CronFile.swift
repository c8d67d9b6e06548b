import FlotillaYAMLFiles

/// Reads the section `cron` of `queues.yaml`.
package enum CronFile {
    /// - Parameter types: the keys that jobs may have; `nil` where they are not known, since the rest of the file has mistakes.
    /// - Throws: ``CronMistakes`` with every mistake of the section; none of the rest of the file, which others read.
    package static func load(from path: String, types: Set<String>?) throws(CronMistakes) -> [CronEntry] {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let bytes: [UInt8]
        do {
            bytes = try YAMLFile.contents(of: path)
        } catch {
            throw CronMistakes(file: path, mistakes: [error])
        }
        return try decode(bytes, file: name, types: types)
    }

    /// - Parameter file: the name to show before each line number.
    package static func decode(
        _ text: String,
        file: String = "queues.yaml",
        types: Set<String>?
    ) throws(CronMistakes) -> [CronEntry] {
        try decode(Array(text.utf8), file: file, types: types)
    }

    private static func decode(
        _ bytes: [UInt8],
        file: String,
        types: Set<String>?
    ) throws(CronMistakes) -> [CronEntry] {
        let (entries, mistakes) = YAMLFile.read(bytes) { root, collector in
            CronDecoder(types: types, collector: collector).entries(of: root)
        }
        guard let entries, mistakes.isEmpty else { throw CronMistakes(file: file, mistakes: mistakes) }
        return entries
    }
}
