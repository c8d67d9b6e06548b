/// A required word: `flotilla publish KEY`.
package struct Argument<Value: TextValue>: Parameter {
    package let name: String
    package let help: String
    package var shape: ParameterShape { .argument(isRequired: true, isRepeatable: false) }

    package init(_ name: String, _ help: String) { (self.name, self.help) = (name, help) }

    package func parse(_ words: [String]) throws(UsageError) -> any Sendable {
        guard let word = words.first else { throw UsageError("\(name) is missing") }
        return try value(word, of: name) as Value
    }
}
