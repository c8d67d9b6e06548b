import FlotillaHTTPRouting

extension Schemas {
    static let ticket = """
        {"type":"object","required":["ticketId","ticketCode","eventId","type","template","jobId","qrCodeData",\
        "fileUrl","filePath","fileSize","issuedAt","generatedAt"],"properties":{\
        "ticketId":{"type":["integer","string"]},"ticketCode":{"type":"string"},\
        "eventId":{"type":["integer","string"]},"eventTitle":{"type":"string"},\
        "guestId":{"type":["integer","string"]},\
        "guestName":{"type":"string"},"type":{"type":"string"},\
        "template":{"type":"string","enum":["standard","vip","badge"]},"jobId":{"type":"string"},\
        "qrCodeData":{"type":"string"},"fileUrl":{"type":["string","null"]},"filePath":{"type":["string","null"]},\
        "fileSize":{"type":"integer"},"issuedAt":{"type":"string","format":"date-time"},\
        "expiresAt":{"type":"string","format":"date-time"},"generatedAt":{"type":"string","format":"date-time"},\
        "cancelledAt":{"type":"string","format":"date-time"},\
        "missingCharacters":{"type":"string","description":"Characters that no font had: boxes stand in their places."}}}
        """

    static let ticketPage = """
        {"type":"object","required":["items","nextCursor"],"properties":{\
        "items":{"type":"array","items":\(ticket)},"nextCursor":{"type":["string","null"]}}}
        """
}
