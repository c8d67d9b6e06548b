/// `--name VALUE` or `--name=VALUE`; nil when it is not given, unless it has a default.
package struct Option<Value: TextValue>: Parameter {
    package let name: String
    package let help: String
    private let placeholder: String

    package init(_ name: String, _ placeholder: String, _ help: String) {
        (self.name, self.placeholder, self.help) = (name, placeholder, help)
    }

    package var shape: ParameterShape { .option(placeholder: placeholder, isRepeatable: false) }

    package func parse(_ words: [String]) throws(UsageError) -> any Sendable {
        guard let word = words.first else { return Value?.none }
        return Value?.some(try value(word, of: "--\(name)"))
    }

    /// The same option with a value for when it is not given.
    package func defaulting(to value: Value) -> DefaultedOption<Value> { DefaultedOption(option: self, value: value) }
}
