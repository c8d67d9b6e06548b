/// How urgent a job is. Where its queue has levels, each has its share of the slots; elsewhere it changes nothing.
public enum JobPriority: String, Sendable, Hashable, CaseIterable {
    case low, normal, high

    /// A word, or a whole number from 0 to 9 as clients wrote before: 0 is normal, every other one is high.
    package init?(written text: String) {
        if let priority = Self(rawValue: text) {
            self = priority
        } else {
            guard let number = Int(text), Self.numbers.contains(number) else { return nil }
            self.init(number: number)
        }
    }

    /// The numbers that stand for a priority beside the words.
    package static let numbers = 0...9

    /// As the job's row has it: below 0 is low, above is high.
    package init(number: Int) { self = number == 0 ? .normal : number < 0 ? .low : .high }

    /// For the job's row: -1, 0 or 1.
    package var number: Int {
        switch self {
        case .low: -1
        case .normal: 0
        case .high: 1
        }
    }

    /// The name of a queue, or the key of its binding, at this level: `ticket.generation.requested.high`. That of the normal
    /// level is the plain one.
    package func level(of name: String) -> String { name + suffix }

    /// The name whose ``level(of:)`` this is.
    package func plain(_ name: String) -> String {
        self != .normal && name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
    }

    private var suffix: String { self == .normal ? "" : "." + rawValue }
}
