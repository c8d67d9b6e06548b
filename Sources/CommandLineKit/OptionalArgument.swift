/// A word that may be left out.
package struct OptionalArgument<Value: TextValue>: Parameter {
    package let name: String
    package let help: String
    package var shape: ParameterShape { .argument(isRequired: false, isRepeatable: false) }

    package init(_ name: String, _ help: String) { (self.name, self.help) = (name, help) }

    package func parse(_ words: [String]) throws(UsageError) -> any Sendable {
        guard let word = words.first else { return Value?.none }
        return Value?.some(try value(word, of: name))
    }
}
