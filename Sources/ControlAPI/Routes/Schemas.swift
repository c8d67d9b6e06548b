/// JSON Schema of what the answers carry in `data`, by the names that `/openapi.json` gives them.
enum Schemas {
    static let job = """
        {"type":"object","required":["id","type","state","attempts","enqueuedAt"],"properties":{\
        "id":{"type":"string","format":"uuid"},"type":{"type":"string"},\
        "state":{"type":"string","enum":["scheduled","queued","running","retrying","succeeded","dead","cancelled"]},\
        "priority":{"type":"integer"},"attempts":{"type":"integer"},"maxAttempts":{"type":"integer"},\
        "progress":{"type":"object","properties":{"percent":{"type":"integer"},"message":{"type":"string"}}},\
        "worker":{"type":"string"},"lastError":{"type":"string"},\
        "error":{"type":"object","properties":{"type":{"type":"string"},"message":{"type":"string"}}},\
        "payload":{},"result":{},"correlationId":{"type":"string"},"createdBy":{"type":"string"},\
        "scheduledAt":{"type":"string","format":"date-time"},"enqueuedAt":{"type":"string","format":"date-time"},\
        "startedAt":{"type":"string","format":"date-time"},"finishedAt":{"type":"string","format":"date-time"}}}
        """

    static let jobPage = """
        {"type":"object","required":["items","nextCursor"],"properties":{\
        "items":{"type":"array","items":\(job)},"nextCursor":{"type":["string","null"]}}}
        """

    static let event = """
        {"type":"object","required":["id","type","correlationId"],"properties":{\
        "id":{"type":"string"},"type":{"type":"string"},"correlationId":{"type":"string"}}}
        """

    static let readiness = """
        {"type":"object","required":["status","dependencies"],"properties":{\
        "status":{"type":"string","enum":["ready","degraded","unavailable"]},\
        "dependencies":{"type":"array","items":{"type":"object","required":["name","status","needed","latencyMs"],\
        "properties":{"name":{"type":"string"},"status":{"type":"string","enum":["up","down"]},\
        "needed":{"type":"boolean"},"latencyMs":{"type":"number"}}}}}}
        """

    static let liveness = """
        {"type":"object","properties":{"status":{"type":"string","enum":["alive"]}}}
        """
}
