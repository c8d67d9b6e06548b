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

func value<Value: TextValue>(_ word: String, of name: String) throws(UsageError) -> Value {
    guard let value = Value(text: word) else {
        throw UsageError("\(name) is \(Value.expectation), not “\(word)”")
    }
    return value
}
