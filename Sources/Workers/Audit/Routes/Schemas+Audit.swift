import FlotillaHTTPRouting

extension Schemas {
    private static let action = """
        {"type":"object","required":["status","startedAt","started"],"properties":{\
        "name":{"type":"string"},"status":{"type":"string","enum":["started","completed","failed"]},\
        "startedAt":{"type":"string","format":"date-time"},"finishedAt":{"type":"string","format":"date-time"},\
        "durationMs":{"type":"integer"},"started":{"type":"string"},"finished":{"type":"string"}}}
        """

    private static let auditFields = """
        "id":{"type":"string","pattern":"^[0-9]+-[0-9]+$"},"recordedAt":{"type":"string","format":"date-time"},\
        "occurredAt":{"type":"string","format":"date-time"},"event":{"type":"string"},"actor":{"type":"string"},\
        "subject":{"type":"string"},"service":{"type":"string"},"correlationId":{"type":"string"},\
        "messageId":{"type":"string"},\
        "received":{"type":"object","properties":{"by":{"type":"string"},"route":{"type":"string"},\
        "address":{"type":"string"},"at":{"type":"string","format":"date-time"},"id":{"type":"string"}}},\
        "personalData":{"type":"string","enum":["plain","revealed","sealed","forgotten"]},"action":\(action),"body":\(anything)
        """

    private static let auditRow = """
        {"type":"object","required":["id","recordedAt","occurredAt","event","messageId","personalData","body"],\
        "properties":{\(auditFields)}}
        """

    static let auditEntry = """
        {"type":"object","required":["id","recordedAt","occurredAt","event","messageId","personalData","body"],\
        "properties":{\(auditFields),"linked":{"type":"array","items":\(auditRow)}}}
        """

    static let auditPage = """
        {"type":"object","required":["items","nextCursor"],"properties":{\
        "items":{"type":"array","items":\(auditRow)},"nextCursor":{"type":["string","null"]}}}
        """

    static let accessPage = """
        {"type":"object","required":["items","nextCursor"],"properties":{\
        "items":{"type":"array","items":{"type":"object","required":["id","accessedAt","type","messageId"],\
        "properties":{"id":{"type":"string"},"accessedAt":{"type":"string","format":"date-time"},\
        "viewer":{"type":"string"},"type":{"type":"string"},"resource":{"type":"string"},\
        "service":{"type":"string"},"correlationId":{"type":"string"},"messageId":{"type":"string"}}}},\
        "nextCursor":{"type":["string","null"]}}}
        """
}
