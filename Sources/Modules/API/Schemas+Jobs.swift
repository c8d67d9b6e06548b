import FlotillaHTTPRouting
import FlotillaModels

/// What routes answer that enqueue or show jobs.
extension Schemas {
    package static let job = """
        {"type":"object","required":["id","type","state","attempts","enqueuedAt"],"properties":{\
        "id":{"type":"string","format":"uuid"},"type":{"type":"string"},\
        "state":{"type":"string","enum":[\(JobState.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ","))]},\
        "priority":{"type":"string","enum":["low","normal","high"]},"attempts":{"type":"integer"},\
        "maxAttempts":{"type":"integer"},\
        "progress":{"type":"object","properties":{"percent":{"type":"integer"},"message":{"type":"string"}}},\
        "worker":{"type":"string"},"lastError":{"type":"string"},\
        "error":{"type":"object","properties":{"type":{"type":"string"},"message":{"type":"string"}}},\
        "outcome":{"type":"string","enum":["created","existing","replaced"]},\
        "replaces":{"type":"string","format":"uuid"},"batch":{"type":"string","format":"uuid"},\
        "key":{"type":"string"},"cron":{"type":"string"},"nominalAt":{"type":"string","format":"date-time"},\
        "reason":{"type":"string"},"expiresAt":{"type":"string","format":"date-time"},\
        "payload":\(anything),"result":\(anything),"correlationId":{"type":"string"},"createdBy":{"type":"string"},\
        "scheduledAt":{"type":"string","format":"date-time"},"enqueuedAt":{"type":"string","format":"date-time"},\
        "startedAt":{"type":"string","format":"date-time"},"finishedAt":{"type":"string","format":"date-time"}}}
        """

    package static let jobPage = """
        {"type":"object","required":["items","nextCursor"],"properties":{\
        "items":{"type":"array","items":\(job)},"nextCursor":{"type":["string","null"]}}}
        """
}
