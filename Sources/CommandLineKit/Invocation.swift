/// A command with its parsed values, and the console to answer on.
package struct Invocation: Sendable {
    package let console: Console
    /// What the application gives to every command.
    package let context: any Sendable
    private let values: [String: any Sendable]

    init(console: Console, context: any Sendable, values: [String: any Sendable]) {
        (self.console, self.context, self.values) = (console, context, values)
    }

    package subscript(flag: Flag) -> Bool { value(flag) }
    package subscript<Value>(option: Option<Value>) -> Value? { value(option) }
    package subscript<Value>(option: DefaultedOption<Value>) -> Value { value(option) }
    package subscript<Value>(option: ListOption<Value>) -> [Value] { value(option) }
    package subscript<Value>(argument: Argument<Value>) -> Value { value(argument) }
    package subscript<Value>(argument: OptionalArgument<Value>) -> Value? { value(argument) }
    package subscript<Value>(argument: ArgumentList<Value>) -> [Value] { value(argument) }

    /// Shows a result as the person asked with `--output`: the table, or the value as JSON.
    package func show(_ value: some Encodable, as table: @autoclosure () -> Table) throws {
        switch self[OutputFormat.option] {
        case .table: console.print(table().rendered(width: console.width, colours: console.hasColours))
        case .json: console.print(try JSONText.encode(value))
        }
    }

    /// Reading a parameter that the command doesn't list is a mistake in the program.
    private func value<Value>(_ parameter: some Parameter) -> Value {
        guard let value = values[parameter.name] as? Value else {
            preconditionFailure("\(parameter.name) is not among the parameters of this command")
        }
        return value
    }
}
