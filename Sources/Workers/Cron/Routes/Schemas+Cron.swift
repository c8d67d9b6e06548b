import FlotillaHTTPRouting

/// What the routes of cron entries answer.
extension Schemas {
    private static let time = #"{"type":"string","format":"date-time"}"#

    static let cronEntry = """
        {"type":"object","required":["name","type","schedule","zone","overlap","source","state","missed","skipped"],\
        "properties":{"name":{"type":"string"},"type":{"type":"string"},"schedule":{"type":"string"},\
        "zone":{"type":"string"},"overlap":{"type":"string","enum":["skip","buffer_one","allow","cancel_other"]},\
        "catchUp":{"type":"string"},"jitter":{"type":"string"},"pauseOnFailure":{"type":"boolean"},\
        "priority":{"type":"string","enum":["low","normal","high"]},"maxAttempts":{"type":"integer"},"expiresAfter":{"type":"string"},\
        "source":{"type":"string","enum":["file","api"]},"state":{"type":"string","enum":["active","paused"]},\
        "paused":{"type":"object","required":["at","by"],"properties":{"at":\(time),"by":{"type":"string"},\
        "note":{"type":"string"}}},"nextAt":\(time),"nextLocal":{"type":"string"},"lastNominalAt":\(time),\
        "lastJobId":{"type":"string"},"missed":{"type":"integer"},"skipped":{"type":"integer"},\
        "upcoming":{"type":"array","items":\(time)},"payload":\(anything),"createdAt":\(time),"updatedAt":\(time)}}
        """

    static let cronEntries = """
        {"type":"object","required":["items"],"properties":{"items":{"type":"array","items":\(cronEntry)}}}
        """

    static let cronRun = """
        {"type":"object","required":["jobId"],"properties":{"jobId":{"type":"string","format":"uuid"}}}
        """

    static let cronBackfill = """
        {"type":"object","required":["jobIds","existing"],"properties":{"jobIds":{"type":"array","items":{"type":"string",\
        "format":"uuid"}},"existing":{"type":"integer"}}}
        """
}
