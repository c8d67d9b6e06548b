import FlotillaHTTPRouting

/// What the routes of notifications answer.
extension Schemas {
    static let notification = """
        {"type":"object","required":["notificationId","type","status","recipient","template"],"properties":{\
        "notificationId":{"type":"string","format":"uuid"},\
        "type":{"type":"string","enum":["email","sms","in-app"]},\
        "status":{"type":"string","enum":["queued","sent","failed","suppressed"]},\
        "recipient":{"type":"string"},"subject":{"type":"string"},"template":{"type":"string"},\
        "language":{"type":"string"},"provider":{"type":["string","null"]},\
        "providerMessageId":{"type":["string","null"]},"reason":{"type":"string"},\
        "priority":{"type":"string","enum":["high","normal"]},"attempts":{"type":"integer"},\
        "createdAt":{"type":"string","format":"date-time"},"scheduledAt":{"type":"string","format":"date-time"},\
        "sentAt":{"type":["string","null"],"format":"date-time"},"failedAt":{"type":"string","format":"date-time"},\
        "eventId":{"type":["string","integer"]}}}
        """

    static let notificationPage = """
        {"type":"object","required":["items","nextCursor"],"properties":{\
        "items":{"type":"array","items":\(notification)},"nextCursor":{"type":["string","null"]}}}
        """

    static let notificationReceipt = """
        {"type":"object","required":["notificationId","status"],"properties":{\
        "notificationId":{"type":"string","format":"uuid"},"messageId":{"type":["string","null"]},\
        "status":{"type":"string","enum":["queued","sent","failed","suppressed"]},\
        "provider":{"type":["string","null"]},"sentAt":{"type":["string","null"],"format":"date-time"},\
        "reason":{"type":"string"},"count":{"type":"integer"},"notifications":{"type":"array","items":{\
        "type":"object","properties":{"notificationId":{"type":"string","format":"uuid"},\
        "status":{"type":"string"},"reason":{"type":"string"}}}}}}
        """

    static let notificationStatistics: String = {
        let counts = """
            {"type":"object","properties":{"queued":{"type":"integer"},"sent":{"type":"integer"},\
            "failed":{"type":"integer"},"suppressed":{"type":"integer"}}}
            """
        let groups = """
            {"type":"array","items":{"type":"object","properties":{"total":{"type":"integer"},"byStatus":\(counts)}}}
            """
        return """
            {"type":"object","required":["total","byStatus"],"properties":{"total":{"type":"integer"},\
            "byStatus":\(counts),"byTemplate":\(groups),"byChannel":\(groups),"byProvider":\(groups),\
            "byDay":\(groups)}}
            """
    }()

    static let inboxItem = """
        {"type":"object","required":["notificationId","title","isRead"],"properties":{\
        "notificationId":{"type":"string","format":"uuid"},"template":{"type":"string"},"title":{"type":"string"},\
        "body":{"type":"string"},"language":{"type":"string"},"isRead":{"type":"boolean"},\
        "createdAt":{"type":"string","format":"date-time"},"readAt":{"type":"string","format":"date-time"},\
        "eventId":{"type":["string","integer"]}}}
        """

    static let inbox = """
        {"type":"object","required":["items","unread","nextCursor"],"properties":{"unread":{"type":"integer"},\
        "items":{"type":"array","items":\(inboxItem)},"nextCursor":{"type":["string","null"]}}}
        """

    static let preferences = """
        {"type":"object","required":["recipient","preferences"],"properties":{"recipient":{"type":"string"},\
        "preferences":{"type":"array","items":{"type":"object","required":["channel","template","allowed"],\
        "properties":{"channel":{"type":"string","enum":["email","sms","in-app"]},"template":{"type":"string"},\
        "allowed":{"type":"boolean"}}}}}}
        """
}
