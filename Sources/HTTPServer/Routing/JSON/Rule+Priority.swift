package import FlotillaModels

extension Rule {
    /// `low`, `normal` or `high`, or a whole number of clients from before: 0 is normal, 1 to 9 are high.
    package static func priority() -> Rule<JobPriority> where Value == JobPriority {
        let words = Rule<String>.choice(JobPriority.allCases.map(\.rawValue))
        let numbers = Rule<Int>.integer(JobPriority.numbers)
        return Rule(
            schema: "{\"oneOf\":[\(words.schema),\(numbers.schema)]}",
            read: { member throws(RuleProblem) in
                guard member.kind != .number else { return JobPriority(number: try numbers.read(member)) }
                return JobPriority(rawValue: try words.read(member)) ?? .normal
            },
            readText: { text throws(RuleProblem) in
                guard let priority = JobPriority(written: text) else {
                    throw RuleProblem("has to be low, normal or high")
                }
                return priority
            }
        )
    }
}
