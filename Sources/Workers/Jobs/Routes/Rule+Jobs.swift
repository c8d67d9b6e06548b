import FlotillaHTTPRouting
import FlotillaModels

extension Rule where Value == [String] {
    /// 1 to 100 ids, each once.
    static var ids: Self {
        Rule(
            schema: """
                {"type":"array","items":\(Rule<String>.uuid.schema),"minItems":1,"maxItems":100,"uniqueItems":true}
                """,
            read: { member throws(RuleProblem) in
                guard case .array(let elements) = try member.value() else {
                    throw RuleProblem("has to be a list of ids")
                }
                guard (1...100).contains(elements.count) else { throw RuleProblem("has to have 1 to 100 ids") }
                var ids: [String] = []
                for element in elements {
                    guard case .string(let id) = element, id.isUUID else {
                        throw RuleProblem("has to be a list of UUIDs")
                    }
                    guard !ids.contains(id) else { throw RuleProblem("has \(id) twice") }
                    ids.append(id)
                }
                return ids
            },
            readText: { _ throws(RuleProblem) in throw RuleProblem("can't be given as text") }
        )
    }
}

extension Rule where Value == JobUniqueness {
    /// `{"fields":["order.id"],"period":"1h","onConflict":"replace"}`; `{}` compares the whole payload until the job has ended.
    static var uniqueness: Self {
        let states = JobState.unfinished.map(\.rawValue)
        let quoted = { (words: [String]) in words.map { "\"\($0)\"" }.joined(separator: ",") }
        return Rule(
            schema: """
                {"type":"object","additionalProperties":false,"properties":{\
                "fields":{"type":"array","items":{"type":"string","minLength":1,"maxLength":255},"maxItems":20},\
                "states":{"type":"array","items":{"type":"string","enum":[\(quoted(states))]},"minItems":1},\
                "period":{"type":"string","pattern":"^[1-9][0-9]{0,5}(ms|s|m|h|d)$"},\
                "onConflict":{"type":"string","enum":[\(quoted(JobUniqueness.Conflict.allCases.map(\.rawValue)))]}}}
                """,
            read: { member throws(RuleProblem) in try uniqueness(member) },
            readText: { _ throws(RuleProblem) in throw RuleProblem("can't be given as text") }
        )
    }

    private static func uniqueness(_ member: JSONMember) throws(RuleProblem) -> JobUniqueness {
        guard case .members(let members) = try member.value() else { throw RuleProblem("has to be an object") }
        var unique = JobUniqueness()
        for member in members {
            switch member.name {
            case "fields": unique.fields = try texts(member.value, "fields", upTo: 20)
            case "states":
                let words = try texts(member.value, "states", upTo: JobState.allCases.count)
                let states = words.compactMap { JobState(rawValue: $0) }
                guard !states.isEmpty, states.count == words.count, states.allSatisfy({ !$0.isFinal }) else {
                    throw RuleProblem(
                        "states has to name some of \(JobState.unfinished.map(\.rawValue).joined(separator: ", "))"
                    )
                }
                unique.states = Set(states)
            case "period":
                guard case .string(let text) = member.value, let period = Duration(text: text), period > .zero else {
                    throw RuleProblem("period has to be a duration such as 1h")
                }
                unique.period = period
            case "onConflict":
                guard case .string(let text) = member.value, let conflict = JobUniqueness.Conflict(rawValue: text)
                else {
                    throw RuleProblem("onConflict has to be return, replace or reject")
                }
                unique.onConflict = conflict
            default:
                throw RuleProblem(
                    "has an unknown member \(member.name.prefix(100)); there are fields, states, period, onConflict"
                )
            }
        }
        return unique
    }

    private static func texts(_ value: JSONValue, _ name: String, upTo limit: Int) throws(RuleProblem) -> [String] {
        guard case .array(let elements) = value, elements.count <= limit else {
            throw RuleProblem("\(name) has to be a list of at most \(limit) texts")
        }
        return try elements.map { element throws(RuleProblem) in
            guard case .string(let text) = element, (1...255).contains(text.utf8.count), !text.utf8.contains(0) else {
                throw RuleProblem("\(name) has to be a list of texts of 1 to 255 bytes")
            }
            return text
        }
    }
}

extension JSONMember {
    /// The whole value.
    fileprivate func value() throws(RuleProblem) -> JSONValue {
        do throws(InvalidPayload) { return try JSONValue(bytes) } catch { throw RuleProblem("is no JSON") }
    }
}
