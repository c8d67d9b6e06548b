import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules
import FlotillaStorage

extension [JobExplanation.Reason] {
    /// - Parameter mask: what it may show of people, who can be in error messages.
    func json(of job: Job, _ mask: PersonalMask) -> String {
        var object = JSONObject()
        object.add("id", job.id)
        object.add("state", job.state.rawValue)
        object.add(
            "reasons",
            jsons: map { reason in
                var one = JSONObject()
                one.add("code", reason.code)
                one.add("text", mask.text(reason.text))
                if !reason.ids.isEmpty { one.add("ids", jsons: reason.ids.map(\.json)) }
                return one.closed
            }
        )
        return object.closed
    }
}

extension Schemas {
    static let jobReasons = """
        {"type":"object","required":["id","state","reasons"],"properties":{\
        "id":{"type":"string","format":"uuid"},"state":{"type":"string"},\
        "reasons":{"type":"array","items":{"type":"object","required":["code","text"],"properties":{\
        "code":{"type":"string"},"text":{"type":"string"},"ids":{"type":"array","items":{"type":"string"}}}}}}}
        """
}
