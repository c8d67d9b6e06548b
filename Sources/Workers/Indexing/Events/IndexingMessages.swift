import FlotillaModels
import FlotillaModules

/// The events by which the search index is kept.
enum IndexingMessages {
    static var all: [MessageDescription] {
        [
            profile(
                ProfileValidated.self,
                "A profile may be found from now on. Fields that are not there stay as they are known.",
                times: PayloadField("validatedAt", or: "validated_at", is: .time, "When it happened.").instead(
                    of: "occurredAt"
                ),
                fields: ProfileField.allCases.map(\.description)
            ),
            profile(
                ProfileUpdated.self,
                "Some fields of a profile have changed. A status other than VALIDATED takes it out of the search.",
                times: PayloadField("updatedAt", or: "updated_at", is: .time, "When it happened.").instead(
                    of: "occurredAt"
                ),
                fields: [state] + ProfileField.allCases.map(\.description)
            ),
            profile(
                ProfileRejected.self,
                "A profile must not be found any more, until a later event validates it again.",
                times: PayloadField("rejectedAt", or: "rejected_at", is: .time, "When it happened.").instead(
                    of: "occurredAt"
                ),
                fields: []
            ),
            MessageDescription(
                UserDeleted.event,
                from: "user service",
                "A person has left: nothing of their profiles may stay.",
                fields: [
                    PayloadField(
                        "userId",
                        or: "user_id",
                        "candidateId",
                        "candidate_id",
                        "id",
                        is: .identifier,
                        "The person."
                    ).required,
                    PayloadField(
                        "occurredAt",
                        or: "occurred_at",
                        "timestamp",
                        "deletedAt",
                        "deleted_at",
                        is: .time,
                        "When it happened; the message's timestamp unless given."
                    ),
                ],
                example: #"{"userId":"u-1","occurredAt":"2026-01-30T03:00:00Z"}"#,
                check: MessageDescription.reading(UserDeleted.self)
            ),
        ]
    }

    private static let state = PayloadField(
        "status",
        or: "newStatus",
        "new_status",
        "profileStatus",
        "profile_status",
        is: .any,
        "Where the profile has come to: VALIDATED, or another word."
    )

    private static func profile<Event: ProfileEvent & WholeBody>(
        _ type: Event.Type,
        _ summary: String,
        times: PayloadField,
        fields: [PayloadField]
    ) -> MessageDescription {
        MessageDescription(
            Event.event,
            from: "profile service",
            summary,
            fields: [
                PayloadField(
                    "profileId",
                    or: "profile_id",
                    "candidateId",
                    "candidate_id",
                    "id",
                    is: .identifier,
                    "The profile."
                ).required, PayloadField("userId", or: "user_id", is: .identifier, "The person."),
                PayloadField(
                    "occurredAt",
                    or: "occurred_at",
                    "timestamp",
                    is: .time,
                    "When it happened: the newest wins. The message's timestamp unless given."
                ), times,
            ] + fields,
            example: """
                {"profileId":"p-1","userId":"u-1","occurredAt":"2026-01-30T03:00:00Z"\
                \(fields.isEmpty ? "" : example)}
                """,
            check: MessageDescription.reading(type)
        )
    }

    private static let example = """
        ,"title":"Développeuse Swift","skills":["Swift",{"name":"PostgreSQL","level":"expert"}],\
        "experienceYears":7,"sector":"IT","location":"Lyon"
        """
}

extension ProfileField {
    fileprivate var description: PayloadField {
        switch self {
        case .firstName:
            PayloadField(
                rawValue,
                or: "first_name",
                "givenName",
                "given_name",
                is: .text(atMost: 1_000),
                "Personal: kept apart from what is searched."
            )
        case .lastName:
            PayloadField(
                rawValue,
                or: "last_name",
                "familyName",
                "family_name",
                "surname",
                is: .text(atMost: 1_000),
                "Personal."
            )
        case .fullName: PayloadField(rawValue, or: "full_name", is: .text(atMost: 1_000), "Personal.")
        case .email:
            PayloadField(rawValue, or: "emailAddress", "email_address", is: .text(atMost: 1_000), "Personal.")
        case .phone: PayloadField(rawValue, or: "phoneNumber", "phone_number", is: .text(atMost: 1_000), "Personal.")
        case .title:
            PayloadField(
                rawValue,
                or: "jobTitle",
                "job_title",
                "headline",
                "position",
                is: .text(atMost: 1_000),
                "What the person does, in a line."
            )
        case .summary:
            PayloadField(rawValue, or: "bio", "about", is: .text(atMost: 200_000), "What they say of themselves.")
        case .sector: PayloadField(rawValue, or: "industry", is: .text(atMost: 1_000), "The line of business.")
        case .location:
            PayloadField(
                rawValue,
                or: "city",
                is: .either([.string(atMost: 1_000), .object([], isOpen: true)]),
                "A text, or an object of texts such as city and country."
            )
        case .language: PayloadField(rawValue, or: "lang", "locale", is: .string(atMost: 40), "A language tag: fr.")
        case .skills:
            PayloadField(
                rawValue,
                or: "competences",
                "competencies",
                is: .either([
                    .string(atMost: 200_000),
                    .list(.either([.string(atMost: 200), .object([], isOpen: true)]), count: 0...1_000),
                ]),
                "Names, or objects with `name` and perhaps `level`; one text has commas between them."
            )
        case .experienceYears:
            PayloadField(
                rawValue,
                or: "experience_years",
                "yearsOfExperience",
                "years_of_experience",
                is: .number,
                "0 to 100."
            )
        case .experiences:
            PayloadField(
                rawValue,
                or: "workExperience",
                "work_experience",
                is: Self.objects,
                "Objects with title, company and description; a text is a title."
            )
        case .education:
            PayloadField(rawValue, or: "educations", "degrees", is: Self.objects, "Objects; a text is a degree.")
        case .score:
            PayloadField(rawValue, or: "adminScore", "admin_score", "rating", is: .number, "The higher, the better.")
        }
    }

    private static let objects = PayloadShape.either([
        .list(.either([.string(atMost: 200_000), .object([], isOpen: true)]), count: 0...Int.max),
        .object([], isOpen: true), .string(atMost: 200_000),
    ])
}
