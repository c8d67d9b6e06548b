import FlotillaModels

/// One mapping of the file, read key by key. What does not fit is collected, and reads as `nil`.
package struct MappingReader {
    /// Where the mapping is, for messages: `queues.audit.all.retry`.
    package let path: String
    package let line: Int
    package let collector: MistakeCollector
    private let values: [String: YAMLNode]
    private let keyLines: [String: Int]

    /// Checks the keys; `nil` (and a mistake) when the node is no mapping.
    ///
    /// - Parameters:
    ///   - known: the keys that are allowed; `nil` allows every one.
    ///   - noun: what a key stands for, for messages.
    package init?(
        _ node: YAMLNode,
        path: String,
        known: [String]?,
        noun: String = "key",
        collector: MistakeCollector
    ) {
        guard case .mapping(let entries) = node.content else {
            collector.add(node.line, "\(path.isEmpty ? "the file" : path): expected a mapping, found \(node.kind)")
            return nil
        }
        var values: [String: YAMLNode] = [:]
        var keyLines: [String: Int] = [:]
        for entry in entries {
            guard case .scalar(let key, _) = entry.key.content else {
                collector.add(entry.key.line, "\(Self.join(path, "?")): a key has to be text, not \(entry.key.kind)")
                continue
            }
            if let known, !known.contains(key) {
                let meant = key.closest(in: known).map { "; did you mean '\($0)'?" } ?? ""
                collector.add(entry.key.line, "\(Self.join(path, key.clipped)): unknown key\(meant)")
            } else if let first = keyLines[key] {
                collector.add(
                    entry.key.line,
                    "\(Self.join(path, key.clipped)): duplicate \(noun), first on line \(first)"
                )
            } else {
                values[key] = entry.value
                keyLines[key] = entry.key.line
            }
        }
        self.path = path
        line = node.line
        self.collector = collector
        self.values = values
        self.keyLines = keyLines
    }

    /// The keys in the order of their lines.
    package var keys: [String] {
        keyLines.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    }

    package func has(_ key: String) -> Bool { values[key] != nil }

    package func node(_ key: String) -> YAMLNode? { values[key] }

    /// The line of a key, or of the mapping when it is missing.
    package func line(of key: String) -> Int { keyLines[key] ?? line }

    package func addMistake(_ key: String, _ message: String) {
        collector.add(line(of: key), "\(Self.join(path, key)): \(message)")
    }

    package func requireKey(_ key: String) {
        if !has(key) { collector.add(line, "\(path.isEmpty ? "the file" : path): '\(key)' is missing") }
    }

    package func mapping(_ key: String, known: [String]?, noun: String = "key") -> MappingReader? {
        values[key].flatMap {
            MappingReader($0, path: Self.join(path, key), known: known, noun: noun, collector: collector)
        }
    }

    package func text(_ key: String) -> String? {
        guard let node = values[key] else { return nil }
        guard case .scalar(let text, let isPlain) = node.content, !isPlain || !text.readsAsOtherThanText else {
            let hint = if case .scalar(let text, _) = node.content, !text.isEmpty { "; quote it" } else { "" }
            addMistake(key, "expected text, found \(node.kind)\(hint)")
            return nil
        }
        return text
    }

    package func integer(_ key: String, _ range: ClosedRange<Int>) -> Int? {
        value(key, in: range, expected: "a whole number") { $1 ? $0.wholeNumber : nil }
    }

    package func number(_ key: String, _ range: ClosedRange<Double>) -> Double? {
        value(key, in: range, expected: "a number") { $1 ? $0.decimalNumber : nil }
    }

    /// `true` or `false`, and no other spelling.
    package func boolean(_ key: String) -> Bool? {
        guard let node = values[key] else { return nil }
        guard case .scalar(let text, isPlain: true) = node.content, ["true", "false"].contains(text) else {
            addMistake(key, "expected true or false, found \(node.kind)")
            return nil
        }
        return text == "true"
    }

    package func duration(_ key: String, _ range: ClosedRange<Duration>) -> Duration? {
        value(key, in: range, expected: "a duration such as 100ms, 1s, 5m or 2h", write: \.text) { text, _ in
            Duration(text: text)
        }
    }

    /// A number of bytes, plain or with a unit: `8MiB`, `512KiB`, `65536`.
    package func byteCount(_ key: String, _ range: ClosedRange<Int>) -> Int? {
        value(key, in: range, expected: "a size such as 65536, 512KiB or 8MiB", unit: " bytes") { text, _ in
            text.byteCount
        }
    }

    /// A scalar that reads as a value within the range.
    ///
    /// - Parameters:
    ///   - write: how a bound is written in a message.
    ///   - parse: gets the text, and whether it stands without quotes.
    private func value<Value: Comparable>(
        _ key: String,
        in range: ClosedRange<Value>,
        expected: String,
        unit: String = "",
        write: (Value) -> String = { "\($0)" },
        parse: (_ text: String, _ isPlain: Bool) -> Value?
    ) -> Value? {
        guard let node = values[key] else { return nil }
        guard case .scalar(let text, let isPlain) = node.content, let value = parse(text, isPlain) else {
            addMistake(key, "expected \(expected), found \(node.kind)")
            return nil
        }
        guard range.contains(value) else {
            let bounds = "\(write(range.lowerBound)) to \(write(range.upperBound))\(unit)"
            addMistake(key, "\(text) is out of range, \(bounds)")
            return nil
        }
        return value
    }

    package func choice<Choice: RawRepresentable<String> & CaseIterable>(_ key: String) -> Choice? {
        guard let text = text(key) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let allowed = Choice.allCases.map(\.rawValue)
        let meant = text.closest(in: allowed).map { "; did you mean '\($0)'?" } ?? ""
        addMistake(key, "'\(text.clipped)' is not one of \(allowed.joined(separator: ", "))\(meant)")
        return nil
    }

    package static func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}
