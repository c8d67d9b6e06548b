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
        case .mapping:
            guard let reader = MappingReader(self, path: path, known: nil, collector: collector) else { return .null }
            return .members(
                reader.keys.compactMap { key in
                    reader.node(key).map {
                        .init(name: key, value: $0.json(path: MappingReader.join(path, key), collector))
                    }
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
