import FlotillaHTTPRouting

extension Schemas {
    static let scan = """
        {"type":"object","required":["valid","scanId","code","message"],"properties":{"valid":{"type":"boolean"},\
        "ticketId":{"type":["integer","string"]},"guestId":{"type":["integer","string","null"]},\
        "scanCount":{"type":"integer"},"lastScanAt":{"type":"string","format":"date-time"},\
        "lastLocation":{"type":"string"},"firstScanAt":{"type":"string","format":"date-time"},\
        "firstLocation":{"type":"string"},"scanId":{"type":"string"},\
        "code":{"type":"string","enum":[\(ScanOutcome.allCases.map(\.rawValue.json).joined(separator: ","))]},\
        "message":{"type":"string"}}}
        """

    static let cancelledTicket = """
        {"type":"object","required":["ticketId","ticketCode","eventId","cancelledAt","isNew"],"properties":{\
        "ticketId":{"type":["integer","string"]},"ticketCode":{"type":"string"},"eventId":{"type":["integer","string"]},\
        "cancelledAt":{"type":"string","format":"date-time"},"isNew":{"type":"boolean"}}}
        """
}
