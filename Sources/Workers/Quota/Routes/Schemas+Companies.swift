import FlotillaHTTPRouting

extension Schemas {
    private static let quotaStatus = """
        "kind":{"type":"string","enum":["profile_views","searches"]},"plan":{"type":"string"},\
        "periodStart":{"type":"string","format":"date-time"},"periodEnd":{"type":"string","format":"date-time"},\
        "limit":{"type":["integer","null"]},"used":{"type":"integer"},"remaining":{"type":["integer","null"]},\
        "overage":{"type":"integer"},"source":{"type":"string","enum":["redis","postgres"]}
        """

    static let quotas = """
        {"type":"object","required":["companyId","quotas"],"properties":{"companyId":{"type":"string"},\
        "quotas":{"type":"array","items":{"type":"object","properties":{\(quotaStatus)}}}}}
        """

    static let quotaCheck = """
        {"type":"object","required":["companyId","allowed","amount","kind","remaining"],"properties":{\
        "companyId":{"type":"string"},"allowed":{"type":"boolean"},"amount":{"type":"integer"},\(quotaStatus)}}
        """

    static let subscriptions = """
        {"type":"object","required":["companyId","plan","subscriptions"],"properties":{\
        "companyId":{"type":"string"},"plan":{"type":"string"},\
        "subscriptions":{"type":"array","items":{"type":"object","required":["id","plan","status"],"properties":{\
        "id":{"type":"string"},"plan":{"type":"string"},\
        "status":{"type":"string","enum":["created","active","cancelled","expired"]},\
        "periodStart":{"type":"string","format":"date-time"},"periodEnd":{"type":"string","format":"date-time"},\
        "cancelsAtPeriodEnd":{"type":"boolean"},"createdAt":{"type":"string","format":"date-time"},\
        "endedAt":{"type":"string","format":"date-time"}}}}}}
        """

    static let tokens = """
        {"type":"object","required":["companyId","balance","debt","items","nextCursor"],"properties":{\
        "companyId":{"type":"string"},"balance":{"type":"integer"},"debt":{"type":"integer"},\
        "items":{"type":"array","items":{"type":"object","required":["sequence","kind","amount","balance","debt"],\
        "properties":{"sequence":{"type":"integer"},"kind":{"type":"string","enum":["purchased","used","allocated"]},\
        "amount":{"type":"integer"},"balance":{"type":"integer"},"debt":{"type":"integer"},\
        "reference":{"type":"string"},"occurredAt":{"type":"string","format":"date-time"},\
        "recordedAt":{"type":"string","format":"date-time"}}}},"nextCursor":{"type":["string","null"]}}}
        """
}
