/// `--name VALUE`, as often as wanted; with a separator also `--name A,B`.
package struct ListOption<Value: TextValue>: Parameter {
    package let name: String
    package let help: String
    private let placeholder: String
    private let separator: Character?

    package init(_ name: String, _ placeholder: String, _ help: String, separator: Character? = nil) {
        (self.name, self.placeholder, self.help, self.separator) = (name, placeholder, help, separator)
    }

    package var shape: ParameterShape { .option(placeholder: placeholder, isRepeatable: true) }

    package func parse(_ words: [String]) throws(UsageError) -> any Sendable {
        var values: [Value] = []
        for word in words {
            let parts = separator.map { word.split(separator: $0).map(String.init) } ?? [word]
            for part in parts { values.append(try value(part, of: "--\(name)")) }
        }
        return values
    }
}
