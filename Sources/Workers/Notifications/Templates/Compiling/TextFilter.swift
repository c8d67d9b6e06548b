/// How a value is put into words.
enum TextFilter: Sendable, Hashable {
    case date, time, datetime
    case number
    case money(currency: Operand)
    /// Minutes: “1 h 30”.
    case duration
    /// The one word for one, the other for more.
    case plural(one: String, other: String)
    /// A word of words.json.
    case words
    /// Line breaks are kept in HTML as well.
    case lines
    /// The text instead of a value that is missing.
    case fallback(String)

    /// Whether it has words for a value that is missing.
    var takesMissing: Bool {
        if case .fallback = self { true } else { false }
    }

    /// The filter of that name, or what is wrong with its use.
    static func make(_ name: String, _ arguments: [Operand]) throws(TagReader.Problem) -> TextFilter {
        switch (name, arguments.count) {
        case ("date", 0): return .date
        case ("time", 0): return .time
        case ("datetime", 0): return .datetime
        case ("number", 0): return .number
        case ("duration", 0): return .duration
        case ("words", 0): return .words
        case ("lines", 0): return .lines
        case ("default", 1):
            guard case .literal(let text) = arguments[0] else {
                throw TagReader.Problem(text: #"default takes a text in quotes: {{old | default: "–"}}"#)
            }
            return .fallback(text)
        case ("money", 1): return .money(currency: arguments[0])
        case ("plural", 2):
            guard case .literal(let one) = arguments[0], case .literal(let other) = arguments[1] else {
                throw TagReader.Problem(text: "plural takes two texts in quotes")
            }
            return .plural(one: one, other: other)
        case ("date", _), ("time", _), ("datetime", _), ("number", _), ("duration", _), ("words", _), ("lines", _):
            throw TagReader.Problem(text: "\(name) takes no arguments")
        case ("default", _): throw TagReader.Problem(text: #"default takes a text: {{old | default: "–"}}"#)
        case ("money", _): throw TagReader.Problem(text: "money takes the currency: {{amount | money: currency}}")
        case ("plural", _): throw TagReader.Problem(text: #"plural takes two texts: {{n | plural: "day", "days"}}"#)
        default:
            throw TagReader.Problem(
                text: "there is no filter “\(name)”; there are "
                    + "date, time, datetime, number, money, duration, plural, words, lines, default"
            )
        }
    }
}
