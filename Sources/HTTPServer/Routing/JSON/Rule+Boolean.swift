import FlotillaModels

extension Rule where Value == Bool {
    package static var boolean: Self {
        Rule(
            schema: #"{"type":"boolean"}"#,
            read: { member throws(RuleProblem) in
                guard member.kind == .boolean else { throw member.mismatch("true or false") }
                return member.text == "true"
            },
            readText: { text throws(RuleProblem) in
                guard ["true", "false"].contains(text) else { throw RuleProblem("has to be true or false") }
                return text == "true"
            }
        )
    }
}
