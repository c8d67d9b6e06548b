import Models
import Workers

extension Rule where Value == ScanID {
    /// An id as other systems write it: a whole number, or text of 1 to `longest` bytes.
    static func identifier(longest: Int) -> Self {
        let text = Rule<String>.string(length: 1...longest)
        return Rule(
            schema: "{\"oneOf\":[{\"type\":\"integer\"},\(text.schema)]}",
            read: { member throws(RuleProblem) in
                guard member.kind == .number else {
                    guard member.kind == .string else { throw member.mismatch("a whole number or a string") }
                    return ScanID(try text.read(member))
                }
                guard let number = Int64(member.text), "\(number)" == member.text else {
                    throw RuleProblem("has to be a whole number or a string")
                }
                return ScanID(member.text, isNumber: true)
            },
            readText: { given throws(RuleProblem) in ScanID(try text.readText(given)) }
        )
    }
}
