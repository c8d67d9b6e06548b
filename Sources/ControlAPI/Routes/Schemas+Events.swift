import FlotillaHTTPRouting

/// What the route of events answers.
extension Schemas {
    static let event = """
        {"type":"object","required":["id","type","correlationId"],"properties":{\
        "id":{"type":"string"},"type":{"type":"string"},"correlationId":{"type":"string"},\
        "warnings":{"type":"array","items":{"type":"string"}}}}
        """
}
