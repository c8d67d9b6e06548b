/// `--name VALUE` with a default.
package struct DefaultedOption<Value: TextValue>: Parameter {
    let option: Option<Value>
    let value: Value

    package var name: String { option.name }
    package var help: String { "\(option.help) (default \(value.text))" }
    package var shape: ParameterShape { option.shape }

    package func parse(_ words: [String]) throws(UsageError) -> any Sendable {
        try option.parse(words) as? Value ?? value
    }
}
