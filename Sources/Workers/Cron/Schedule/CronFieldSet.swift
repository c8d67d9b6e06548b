/// The numbers that one field of a cron expression lets through.
struct CronFieldSet: Sendable, Hashable {
    /// Bit n stands for the number n.
    private var bits: UInt64 = 0
    /// Whether the field begins with `*`, or is `?`: what cron calls unrestricted, a step notwithstanding.
    let isWildcard: Bool

    /// Reads the text of a field: numbers, names, ranges and steps between commas.
    init(_ text: some StringProtocol, _ field: CronField) throws(CronScheduleError) {
        isWildcard = text.hasPrefix("*") || text == "?"
        if text == "?" {
            guard field.takesQuestionMark else {
                throw CronScheduleError(field, text, "may stand for a day alone; write * for any")
            }
            add(field.range, step: 1, field)
            return
        }
        for word in text.split(separator: ",", omittingEmptySubsequences: false) { try read(word, field) }
    }

    func contains(_ number: Int) -> Bool { bits & (1 << UInt64(number)) != 0 }

    /// The least of its numbers that is not below another.
    func first(from number: Int = 0) -> Int? {
        guard number < 64 else { return nil }
        let rest = bits >> UInt64(number)
        return rest == 0 ? nil : number + rest.trailingZeroBitCount
    }

    private mutating func read(_ word: some StringProtocol, _ field: CronField) throws(CronScheduleError) {
        guard !word.isEmpty else { throw CronScheduleError(field, word, "is empty between two commas") }
        let parts = word.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2 else { throw CronScheduleError(field, word, "has more than one step") }
        let numbers = try range(parts[0], of: word, field)
        guard parts.count == 2 else { return add(numbers, step: 1, field) }
        guard parts[0] == "*" || parts[0].contains("-") else {
            let last = field == .dayOfWeek ? 6 : field.range.upperBound
            throw CronScheduleError(field, word, "has a step without a range; write \(parts[0])-\(last)/\(parts[1])")
        }
        guard let step = Self.digits(parts[1]), step > 0 else {
            throw CronScheduleError(field, word, "has a step that is no whole number above 0")
        }
        // Every cron takes */90 for 0, which nobody who writes it means.
        guard step <= max(numbers.count - 1, 1) else {
            throw CronScheduleError(field, word, "has a step that leads out of \(Self.text(numbers))")
        }
        add(numbers, step: step, field)
    }

    private func range(
        _ part: some StringProtocol,
        of word: some StringProtocol,
        _ field: CronField
    ) throws(CronScheduleError) -> ClosedRange<Int> {
        if part == "*" { return field == .dayOfWeek ? 0...6 : field.range }
        let ends = part.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2 else { throw CronScheduleError(field, word, "is no range; write two ends, such as 1-5") }
        let low = try number(ends[0], of: word, field)
        guard ends.count == 2 else { return low...low }
        let high = try number(ends[1], of: word, field)
        guard low <= high else {
            throw CronScheduleError(field, word, "goes backwards; write two ranges between commas")
        }
        return low...high
    }

    private func number(
        _ text: some StringProtocol,
        of word: some StringProtocol,
        _ field: CronField
    ) throws(CronScheduleError) -> Int {
        if let place = field.names.firstIndex(of: text.lowercased()) { return field.range.lowerBound + place }
        guard let number = Self.digits(text) else {
            let names = field.names.isEmpty ? "" : " or a name such as \(field.names[1])"
            let extensions = text.contains { "LW#+".contains($0) } ? "; L, W, # and + are not supported" : ""
            throw CronScheduleError(field, word, "is no number from \(Self.text(field.range))\(names)\(extensions)")
        }
        guard field.range.contains(number) else {
            throw CronScheduleError(field, word, "is out of range, \(Self.text(field.range))")
        }
        return number
    }

    private mutating func add(_ range: ClosedRange<Int>, step: Int, _ field: CronField) {
        for number in stride(from: range.lowerBound, through: range.upperBound, by: step) {
            bits |= 1 << UInt64(field == .dayOfWeek ? number % 7 : number)
        }
    }

    private static func digits(_ text: some StringProtocol) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    private static func text(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound) to \(range.upperBound)" }
}
