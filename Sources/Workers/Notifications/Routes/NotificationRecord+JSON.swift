import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules
import FlotillaPlatform

extension NotificationRecord {
    /// The notification in the shape that its senders ask for, as JSON. What is not known yet is null.
    func json(_ mask: PersonalMask) -> String {
        var object = summary(mask)
        object.add("subject", mask.value(subject))
        object.add("template", template)
        object.add("language", language)
        object.add("provider", json: provider?.json ?? "null")
        object.add("providerMessageId", json: providerMessageID?.json ?? "null")
        object.add("reason", mask.text(reason))
        object.add("priority", priority)
        object.add("attempts", attempts)
        object.add("createdAt", WallClock.iso8601(createdAt))
        object.add("scheduledAt", scheduledAt.map { WallClock.iso8601($0) })
        object.add("sentAt", json: sentAt.map { WallClock.iso8601($0).json } ?? "null")
        object.add("failedAt", failedAt.map { WallClock.iso8601($0) })
        object.add("eventId", json: eventID.map { ExternalID.likely($0).json.json })
        return object.closed
    }

    /// The notification as an application shows it.
    func inAppJSON(_ mask: PersonalMask) -> String {
        var object = JSONObject()
        object.add("notificationId", id)
        object.add("template", template)
        object.add("title", mask.value(subject))
        object.add("body", mask.value(body))
        object.add("language", language)
        object.add("createdAt", WallClock.iso8601(scheduledAt ?? createdAt))
        object.add("isRead", readAt != nil)
        object.add("readAt", readAt.map { WallClock.iso8601($0) })
        object.add("eventId", json: eventID.map { ExternalID.likely($0).json.json })
        return object.closed
    }

    private func summary(_ mask: PersonalMask) -> JSONObject {
        var object = JSONObject()
        object.add("notificationId", id)
        object.add("type", channel.rawValue)
        object.add("status", status.rawValue)
        object.add("recipient", mask.value(recipient))
        return object
    }
}

extension NotificationStatistics {
    var json: String {
        var object = JSONObject()
        object.add("total", byStatus.values.reduce(0, +))
        object.add("byStatus", json: Self.counts(byStatus))
        for dimension in Dimension.allCases {
            let name = "by" + dimension.rawValue.prefix(1).uppercased() + dimension.rawValue.dropFirst()
            object.add(
                name,
                jsons: (groups[dimension] ?? []).map { group in
                    var entry = JSONObject()
                    entry.add(dimension.rawValue, group.value)
                    entry.add("total", group.total)
                    entry.add("byStatus", json: Self.counts(group.counts))
                    return entry.closed
                }
            )
        }
        return object.closed
    }

    private static func counts(_ counts: [NotificationStatus: Int]) -> String {
        var object = JSONObject()
        for status in NotificationStatus.allCases { object.add(status.rawValue, counts[status] ?? 0) }
        return object.closed
    }
}
