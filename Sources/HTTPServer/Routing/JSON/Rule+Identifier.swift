package import FlotillaModels

extension Rule {
    /// An id as other systems write it: a whole number, or text of 1 to `longest` bytes.
    package static func identifier(longest: Int) -> Rule<ExternalID> where Value == ExternalID {
        let text = Rule<String>.string(length: 1...longest)
        return Rule(
            schema: """
                {"oneOf":[{"type":"integer","minimum":\(Int.min),"maximum":\(Int.max)},\(text.schema)]}
                """,
            read: { member throws(RuleProblem) in
                guard member.kind == .number else {
                    guard member.kind == .string else { throw member.mismatch("a whole number or a string") }
                    return ExternalID(try text.read(member), isNumber: false)
                }
                guard let number = Int64(member.text), "\(number)" == member.text else {
                    throw RuleProblem("has to be a whole number or a string")
                }
                return ExternalID(member.text, isNumber: true)
            },
            readText: { given throws(RuleProblem) in ExternalID(try text.readText(given), isNumber: false) }
        )
    }
}
