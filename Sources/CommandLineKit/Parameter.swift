/// Something a command takes from the command line. It is both the declaration and the key to the parsed value:
/// declare it once as a constant, list it in the command, and read `invocation[it]`.
package protocol Parameter: Sendable {
    /// Without dashes for options; in capitals for arguments.
    var name: String { get }
    var help: String { get }
    var shape: ParameterShape { get }
    /// The value of the words that were given, in order.
    func parse(_ words: [String]) throws(UsageError) -> any Sendable
}

package enum ParameterShape: Sendable, Hashable {
    /// `--name`, nothing follows.
    case flag
    /// `--name VALUE`.
    case option(placeholder: String, isRepeatable: Bool)
    /// A word in a place of its own.
    case argument(isRequired: Bool, isRepeatable: Bool)
}

/// `--name`: true when it is given.
package struct Flag: Parameter {
    package let name: String
    package let help: String
    package var shape: ParameterShape { .flag }

    package init(_ name: String, _ help: String) { (self.name, self.help) = (name, help) }

    package func parse(_ words: [String]) throws(UsageError) -> any Sendable { !words.isEmpty }
}

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

/// `--name VALUE` with a default.
package struct DefaultedOption<Value: TextValue>: Parameter {
    fileprivate let option: Option<Value>
    fileprivate let value: Value

    package var name: String { option.name }
    package var help: String { "\(option.help) (default \(value.text))" }
    package var shape: ParameterShape { option.shape }

    package func parse(_ words: [String]) throws(UsageError) -> any Sendable {
        try option.parse(words) as? Value ?? value
    }
}

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

private func value<Value: TextValue>(_ word: String, of name: String) throws(UsageError) -> Value {
    guard let value = Value(text: word) else {
        throw UsageError("\(name) is \(Value.expectation), not “\(word)”")
    }
    return value
}
