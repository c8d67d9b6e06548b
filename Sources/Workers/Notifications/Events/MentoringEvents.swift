import FlotillaModels

/// `session.created` and `matching.suggested`.
enum MentoringEvents {
    /// Both participants get the meeting's link.
    static func sessionCreated(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        let fields = event.fields
        var data = TemplateData()
        let zone = try fields.zone()
        let start = try fields.time("startsAt", "starts_at", "startTime", "start_time", "date", in: zone)
        data.add("starts_at", time: start)
        data.add("duration_minutes", try fields.text("durationMinutes", "duration_minutes", "duration"))
        data.add("title", try fields.text("title"))
        data.add("mentor_name", try fields.text("mentorName", "mentor_name"))
        data.add("mentee_name", try fields.text("menteeName", "mentee_name"))
        guard let url = try fields.text("meetingUrl", "meeting_url", "joinUrl", "join_url", "meetingLink") else {
            throw InvalidPayload(field: "meetingUrl", problem: "missing")
        }
        data.add("meeting_url", url)
        return EventEffect(announcements: [
            Announcement(
                template: "session_created",
                to: try participants(fields),
                data: data,
                priority: .high
            )
        ])
    }

    static func matchingSuggested(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        let fields = event.fields
        var data = TemplateData()
        data.add("mentee_name", try fields.text("menteeName", "mentee_name"))
        data.add("mentee_id", try fields.requiredIdentifier("menteeId", "mentee_id"))
        guard let matches = fields.count(try fields.value("matches", "matchCount", "match_count")) else {
            throw InvalidPayload(field: "matches", problem: "expected a number or a list")
        }
        data.add("matches", number: matches)
        return EventEffect(announcements: [
            Announcement(template: "matching_suggested", to: [.role("hr")], data: data)
        ])
    }

    private static func participants(_ fields: EventFields) throws(InvalidPayload) -> [RecipientSelector] {
        if let value = try fields.value("participants", "participantIds", "participant_ids", "userIds", "user_ids") {
            guard case .array(let elements) = value, !elements.isEmpty, elements.count <= 1_000 else {
                throw InvalidPayload(field: "participants", problem: "expected a list of 1 to 1000 ids")
            }
            var people: [RecipientSelector] = []
            for (index, element) in elements.enumerated() {
                switch element {
                case .string(let id) where (1...255).contains(id.utf8.count) && !id.utf8.contains(0):
                    people.append(.user(id))
                case .number(let id): people.append(.user(id))
                default: throw InvalidPayload(field: "participants.\(index)", problem: "expected an id")
                }
            }
            return people
        }
        return [
            .user(try fields.requiredIdentifier("mentorId", "mentor_id")),
            .user(try fields.requiredIdentifier("menteeId", "mentee_id")),
        ]
    }
}
