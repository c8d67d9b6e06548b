import FlotillaHTTPRouting

/// What the routes of health answer.
extension Schemas {
    static let readiness = """
        {"type":"object","required":["status","dependencies"],"properties":{\
        "status":{"type":"string","enum":["ready","degraded","unavailable"]},\
        "dependencies":{"type":"array","items":{"type":"object","required":["name","status","needed","latencyMs"],\
        "properties":{"name":{"type":"string"},"status":{"type":"string","enum":["up","down"]},\
        "needed":{"type":"boolean"},"latencyMs":{"type":"number"},"problem":{"type":"string"}}}}}}
        """

    static let liveness = """
        {"type":"object","properties":{"status":{"type":"string","enum":["alive"]}}}
        """
}
