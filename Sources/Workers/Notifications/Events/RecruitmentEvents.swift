import FlotillaModels

/// `profile.*` and `interview.scheduled`: what candidates wait for.
enum RecruitmentEvents {
    static func profileSubmitted(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        let fields = event.fields
        let profileID = try fields.identifier("profileId", "profile_id")
        var own = TemplateData()
        own.add("profile_id", profileID)
        var review = TemplateData()
        review.add("candidate_name", try fields.text("candidateName", "candidate_name", "name", limit: 1_000))
        review.add("profile_id", try candidateID(fields))
        review.add("review_url", try fields.text("reviewUrl", "review_url"))
        let toReview = Announcement(
            template: "profile_to_review",
            to: [.role("hr")],
            data: review,
            allowsNoRecipient: true
        )
        return EventEffect(announcements: [
            Announcement(template: "profile_submitted", to: [try candidate(fields)], data: own), toReview,
        ])
    }

    static func profileValidated(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        var data = TemplateData()
        data.add("profile_url", try event.fields.text("profileUrl", "profile_url"))
        return EventEffect(announcements: [
            Announcement(template: "profile_validated", to: [try candidate(event.fields)], data: data)
        ])
    }

    static func profileRejected(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        var data = TemplateData()
        data.add("reason", try event.fields.text("reason", "rejectionReason", "rejection_reason"))
        return EventEffect(announcements: [
            Announcement(template: "profile_rejected", to: [try candidate(event.fields)], data: data)
        ])
    }

    static func interviewScheduled(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        let fields = event.fields
        var data = TemplateData()
        let zone = try fields.zone()
        let start = try fields.time(
            "startsAt",
            "starts_at",
            "scheduledAt",
            "scheduled_at",
            "interviewDate",
            "date",
            in: zone
        )
        guard let start else { throw InvalidPayload(field: "startsAt", problem: "missing") }
        data.add("starts_at", time: start)
        data.add("duration_minutes", try fields.text("durationMinutes", "duration_minutes", "duration"))
        data.add("company_name", try fields.text("companyName", "company_name"))
        data.add("position", try fields.text("position", "jobTitle", "job_title"))
        data.add("location", try fields.text("location", "address"))
        data.add("meeting_url", try fields.text("meetingUrl", "meeting_url", "joinUrl", "join_url"))
        data.add("interviewer_name", try fields.text("interviewerName", "interviewer_name"))
        return EventEffect(announcements: [
            Announcement(
                template: "interview_scheduled",
                to: [try candidate(fields)],
                data: data,
                priority: .high
            )
        ])
    }

    private static func candidate(_ fields: EventFields) throws(InvalidPayload) -> RecipientSelector {
        try fields.person("userId", "user_id", "candidateId", "candidate_id")
    }

    private static func candidateID(_ fields: EventFields) throws(InvalidPayload) -> String {
        try fields.requiredIdentifier("profileId", "profile_id", "userId", "user_id", "candidateId", "candidate_id")
    }
}
