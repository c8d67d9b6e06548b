/// `--name`: true when it is given.
package struct Flag: Parameter {
    package let name: String
    package let help: String
    package var shape: ParameterShape { .flag }

    package init(_ name: String, _ help: String) { (self.name, self.help) = (name, help) }

    package func parse(_ words: [String]) throws(UsageError) -> any Sendable { !words.isEmpty }
}
