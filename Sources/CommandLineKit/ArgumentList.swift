/// All the remaining words, perhaps none.
package struct ArgumentList<Value: TextValue>: Parameter {
    package let name: String
    package let help: String
    package var shape: ParameterShape { .argument(isRequired: false, isRepeatable: true) }

    package init(_ name: String, _ help: String) { (self.name, self.help) = (name, help) }

    package func parse(_ words: [String]) throws(UsageError) -> any Sendable {
        var values: [Value] = []
        for word in words { values.append(try value(word, of: name)) }
        return values
    }
}
