/// The pairs of `--name value` after the subcommand.
struct Options {
    private var values: [String: String] = [:]

    init(_ arguments: some Sequence<String>) {
        var name: String?
        for argument in arguments {
            if let known = name {
                values[known] = argument
                name = nil
            } else {
                name = argument.hasPrefix("--") ? String(argument.dropFirst(2)) : argument
            }
        }
    }

    /// - Throws: when the option is missing.
    func text(_ name: String) throws -> String {
        guard let value = values[name] else { throw BenchError("--\(name) is missing") }
        return value
    }

    func text(_ name: String, default otherwise: String) -> String { values[name] ?? otherwise }

    /// - Throws: when the value is not a positive number.
    func number(_ name: String, default otherwise: Int) throws -> Int {
        guard let value = values[name] else { return otherwise }
        guard let number = Int(value), number > 0 else { throw BenchError("--\(name) is not a positive number") }
        return number
    }
}
