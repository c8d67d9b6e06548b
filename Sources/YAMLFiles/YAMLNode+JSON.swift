package import FlotillaModels

extension YAMLNode {
    /// The same as JSON: `true`, `false`, `null` and numbers without quotes are what they look like, everything else is text.
    ///
    /// - Parameters:
    ///   - path: where the node is, for messages.
    ///   - collector: told of keys that are no text or that are there twice, and of numbers that JSON does not have.
    package func json(path: String, _ collector: MistakeCollector) -> JSONValue {
        switch content {
        case .sequence(let items):
            return .array(items.enumerated().map { $1.json(path: MappingReader.join(path, "\($0)"), collector) })
        case .mapping(let entries):
            // Tells of keys that are wrong.
            guard MappingReader(self, path: path, known: nil, collector: collector) != nil else { return .null }
            var seen: Set<String> = []
            return .members(
                entries.compactMap { entry in
                    guard case .scalar(let key, _) = entry.key.content, seen.insert(key).inserted else { return nil }
                    return .init(name: key, value: entry.value.json(path: MappingReader.join(path, key), collector))
                }
            )
        case .scalar(let text, isPlain: false): return .string(text)
        case .scalar(let text, isPlain: true):
            if isNull { return .null }
            if text.readsAsOtherThanText, text.decimalNumber == nil { return .boolean(text.lowercased() == "true") }
            guard text.decimalNumber != nil else { return .string(text) }
            guard case .number(let number)? = try? JSONValue(Array(text.utf8)) else {
                collector.add(line, "\(path): '\(text.clipped)' is no number of JSON; quote it, if it is text")
                return .null
            }
            return .number(number)
        }
    }
}
