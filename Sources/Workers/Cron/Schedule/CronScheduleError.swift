/// What is wrong with a cron expression: the field, the word in it, and what would be right.
package struct CronScheduleError: Error, Sendable, Hashable, CustomStringConvertible {
    /// `nil` when it is the expression as a whole.
    package let field: CronField?
    package let word: String
    /// Follows the word: `is out of range, 0 to 59`.
    package let problem: String

    init(_ field: CronField?, _ word: some StringProtocol, _ problem: String) {
        self.field = field
        self.word = word.count > 60 ? word.prefix(57) + "..." : String(word)
        self.problem = problem
    }

    init(_ expression: String, _ problem: String) { self.init(nil, expression, problem) }

    package var description: String { "\(field.map { "\($0.name): " } ?? "")'\(word)' \(problem)" }
}
