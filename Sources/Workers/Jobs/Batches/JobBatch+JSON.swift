import FlotillaHTTPRouting
import FlotillaModels
import FlotillaPlatform
import FlotillaStorage

extension JobBatch {
    /// `open`, `closed`, or `complete`.
    var stage: String {
        if completedAt != nil { return "complete" }
        return closedAt == nil ? "open" : "closed"
    }

    /// The batch as the API and the command line show it.
    var json: String {
        var object = JSONObject()
        object.add("id", id)
        object.add("name", name)
        object.add("state", stage)
        object.add("createdBy", createdBy)
        object.add("correlationId", correlationID)
        if !counts.isEmpty {
            object.add("total", total)
            object.add("ended", ended)
            var states = JSONObject()
            for state in JobState.allCases { if let count = counts[state] { states.add(state.rawValue, count) } }
            object.add("jobs", json: states.closed)
        }
        let times = [
            ("createdAt", createdAt), ("closedAt", closedAt), ("diedAt", diedAt), ("completedAt", completedAt),
            ("succeededAt", succeededAt),
        ]
        for (name, time) in times { object.add(name, time.map { WallClock.iso8601($0) }) }
        return object.closed
    }
}

extension Schemas {
    static let batch = """
        {"type":"object","required":["id","state","createdAt"],"properties":{\
        "id":{"type":"string","format":"uuid"},"name":{"type":"string"},\
        "state":{"type":"string","enum":["open","closed","complete"]},\
        "createdBy":{"type":"string"},"correlationId":{"type":"string"},\
        "total":{"type":"integer"},"ended":{"type":"integer"},\
        "jobs":{"type":"object","additionalProperties":{"type":"integer"}},\
        "createdAt":{"type":"string","format":"date-time"},"closedAt":{"type":"string","format":"date-time"},\
        "diedAt":{"type":"string","format":"date-time"},"completedAt":{"type":"string","format":"date-time"},\
        "succeededAt":{"type":"string","format":"date-time"}}}
        """

    static let batchPage = """
        {"type":"object","required":["items","nextCursor"],"properties":{\
        "items":{"type":"array","items":\(batch)},"nextCursor":{"type":["string","null"]}}}
        """
}
