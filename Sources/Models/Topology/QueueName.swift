/// The rules for the names of queues: `<service>.<event>`, and `dlq.` before it for dead letters.
public enum QueueName {
    /// The longest name in bytes; with the delay ladder's digits before it, it still fits a routing key.
    public static let longest = 200
    /// What the names of dead-letter queues begin with.
    public static let deadLetterPrefix = "dlq."
    /// The longest routing key that AMQP can carry, in bytes.
    public static let longestRoutingKey = 255

    public static func deadLetter(of queue: String) -> String { deadLetterPrefix + queue }

    /// The queue whose dead letters this queue holds, or `nil` when it is no dead-letter queue.
    public static func origin(ofDeadLetterQueue name: String) -> String? {
        name.hasPrefix(deadLetterPrefix) ? String(name.dropFirst(deadLetterPrefix.count)) : nil
    }

    public static func service(of queue: String) -> String {
        String(queue.prefix { $0 != "." })
    }

    public static func event(of queue: String) -> String {
        String(queue.drop { $0 != "." }.dropFirst())
    }

    /// What is wrong with a name, or `nil` when nothing is.
    ///
    /// - Parameters:
    ///   - namespace: the fleet's; names that begin with it are the fleet's own.
    ///   - levels: of the delay ladder, whose routing keys take two bytes for each before the name.
    public static func problem(with name: String, namespace: String, levels: Int) -> String? {
        let bytes = name.utf8.count
        if name.isEmpty { return "the name of a queue is empty" }
        if bytes > longest { return "queue name of \(bytes) bytes is too long: at most \(longest)" }
        if bytes + 2 * levels > longestRoutingKey {
            return "queue name of \(bytes) bytes is too long: at most \(longestRoutingKey - 2 * levels) with "
                + "\(levels) delay levels"
        }
        if let character = name.first(where: { !$0.isAllowedInName }) {
            return "queue name may hold letters, digits, '.', '-' and '_', not '\(character.forReading)'"
        }
        let words = name.split(separator: ".", omittingEmptySubsequences: false)
        if words.count < 2 || words.contains("") { return "queue name '\(name)' is not <service>.<event>" }
        for prefix in [deadLetterPrefix, "amq.", namespace + "."] where name.hasPrefix(prefix) {
            return "queue name '\(name)' begins with '\(prefix)', which is reserved"
        }
        return nil
    }
}

extension Character {
    /// Whether the names of queues and exchanges may hold it: no wildcard, no blank, nothing outside ASCII.
    package var isAllowedInName: Bool {
        isASCII && (isLetter || isNumber) || self == "." || self == "-" || self == "_"
    }

    fileprivate var forReading: String {
        unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
            ? String(self) : unicodeScalars.map { "U+" + String($0.value, radix: 16, uppercase: true) }.joined()
    }
}
