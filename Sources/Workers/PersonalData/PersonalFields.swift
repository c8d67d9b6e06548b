/// The declaration of what is personal: which fields of which events, and whose they are.
///
/// Names are compared without regard to case, `_` and `-`, at any depth of the body. The value of such a field is sealed
/// whole, whatever its kind. Besides them every text that holds something like an e-mail address is sealed, whatever
/// its field's name. docs/privacy.md says how a field's person is found.
package enum PersonalFields {
    package enum Category: String, Sendable, Hashable, CaseIterable {
        case email, phone, name, address, other
    }

    /// What holds for some events, besides what holds for all.
    package struct Rule: Sendable {
        /// An event's name, or `entity.*` for all of an entity's.
        package let events: String
        package let fields: [Category: [String]]
        /// The fields that name the person, the first that is there: `userId` names `user:<its value>`.
        package let people: [String]
        /// Whether all of `people` name one and the same person, so that forgetting one forgets the others.
        package let areSamePerson: Bool

        init(
            _ events: String,
            fields: [Category: [String]] = [:],
            people: [String] = [],
            areSamePerson: Bool = false
        ) {
            (self.events, self.fields, self.people, self.areSamePerson) = (events, fields, people, areSamePerson)
        }
    }

    /// Personal in every event.
    static let always: [Category: [String]] = [
        .email: ["email", "emailAddress", "mail", "mailAddress", "replyTo"],
        .phone: [
            "phone", "phoneNumber", "mobile", "mobilePhone", "mobileNumber", "tel", "telephone", "fax", "whatsapp",
        ],
        .name: [
            "name", "fullName", "firstName", "lastName", "givenName", "familyName", "middleName", "maidenName",
            "surname", "displayName", "nickname", "userName", "legalName",
        ],
        .address: [
            "address", "addressLine1", "addressLine2", "street", "streetAddress", "postalAddress", "postalCode",
            "postCode", "zip", "zipCode",
        ],
        .other: [
            "birthDate", "dateOfBirth", "dob", "birthday", "birthPlace", "placeOfBirth", "gender", "nationality",
            "maritalStatus", "ip", "ipAddress", "clientIp", "remoteAddress", "remoteIp", "userAgent", "deviceId",
            "iban", "cardNumber", "accountNumber", "nationalId", "idNumber", "passportNumber", "ssn",
            "socialSecurityNumber", "photo", "photoUrl", "avatar", "avatarUrl", "picture", "signature", "latitude",
            "longitude", "password", "data_base64",
        ],
    ]

    /// Who a field can be about by its name: `guestName`, `menteeEmail`, `billingAddress`.
    static let prefixes = [
        "user", "customer", "candidate", "guest", "mentor", "mentee", "contact", "recruiter", "admin", "owner",
        "member",
        "employee", "sender", "recipient", "viewer", "actor", "profile", "person", "attendee", "participant", "holder",
        "billing", "shipping", "home", "work", "personal", "primary", "secondary", "old", "new", "previous",
    ]

    /// What follows a prefix.
    static let suffixes: [Category: [String]] = [
        .email: ["email", "emailAddress", "mail"], .phone: ["phone", "phoneNumber", "mobile"],
        .name: ["name", "fullName", "firstName", "lastName"], .address: ["address", "street", "postalCode", "zip"],
        .other: ["birthDate", "ip", "ipAddress", "photo", "avatar"],
    ]

    /// In order: of several that fit an event, the first that names people decides about them.
    static let rules = [
        Rule("user.*", people: ["userId"]),
        Rule("customer.*", fields: [.address: ["city"]], people: ["customerId", "userId"], areSamePerson: true),
        Rule("profile.viewed", people: ["recruiterId", "viewerId", "userId", "actorId"]),
        Rule("document.accessed", people: ["userId", "viewerId", "recruiterId", "actorId"]),
        Rule("search.performed", fields: [.other: ["query", "q", "text"]], people: ["userId", "recruiterId"]),
        Rule(
            "profile.*",
            fields: [
                .address: ["location", "city"],
                .other: ["summary", "bio", "about", "coverLetter", "experiences", "workExperience", "education"],
            ],
            people: ["userId", "candidateId", "profileId"],
            areSamePerson: true
        ),
        Rule(
            "notification.*",
            fields: [
                .email: ["to", "cc", "bcc", "recipient", "recipients", "from"],
                .other: ["subject", "text", "html", "body", "message", "variables", "attachments", "content"],
            ],
            people: ["userId", "customerId", "recipientId"]
        ),
        Rule("ticket.*", people: ["guestId", "userId", "customerId"]),
        Rule("scan.*", people: ["guestId", "scannerId", "operatorId", "userId"]),
        Rule("payment.*", people: ["userId", "customerId", "companyId"]),
        Rule("session.*", people: ["menteeId", "mentorId", "userId"]),
        Rule("matching.*", people: ["menteeId", "mentorId", "userId"]),
    ]

    /// Where no rule says who.
    static let people = [
        "userId", "candidateId", "customerId", "profileId", "guestId", "menteeId", "mentorId", "recruiterId",
        "memberId", "employeeId", "contactId", "personId", "ownerId", "viewerId", "recipientId", "actorId", "adminId",
        "operatorId",
    ]

    /// The rules that fit the event.
    static func rules(for event: String) -> [Rule] {
        rules.filter { rule in
            rule.events.hasSuffix(".*") ? event.hasPrefix(rule.events.dropLast()) : event == rule.events
        }
    }
}
