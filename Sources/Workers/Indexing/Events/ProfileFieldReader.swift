import FlotillaModels

/// Reads the fields of a profile under the names and in the forms that services give them.
struct ProfileFieldReader {
    /// Text is kept up to this length, in bytes.
    private static let longText = 200_000
    private static let shortText = 1_000
    private static let skillLimit = 1_000
    /// An index can't hold longer keys.
    private static let skillLength = 200

    private let fields: EventFields

    init(_ fields: EventFields) { self.fields = fields }

    /// The fields that the event names. A field that is null is not among them; an empty text or list is.
    func read() throws(InvalidPayload) -> ProfileFields {
        var values: ProfileFields = [:]
        for field in ProfileField.allCases {
            if let value = try read(field) { values[field] = value }
        }
        return values
    }

    private func read(_ field: ProfileField) throws(InvalidPayload) -> JSONValue? {
        switch field {
        case .firstName: try text("firstName", "first_name", "givenName", "given_name")
        case .lastName: try text("lastName", "last_name", "familyName", "family_name", "surname")
        case .fullName: try text("fullName", "full_name")
        case .email: try text("email", "emailAddress", "email_address")
        case .phone: try text("phone", "phoneNumber", "phone_number")
        case .title: try text("title", "jobTitle", "job_title", "headline", "position")
        case .summary: try text("summary", "bio", "about", "description", limit: Self.longText)
        case .sector: try text("sector", "industry")
        case .location: try place("location", "city")
        case .language: try language("language", "lang", "locale")
        case .skills: try skills("skills", "competences", "competencies")
        case .experienceYears: try years()
        case .experiences: try objects("experiences", "experience", "workExperience", "work_experience", as: "title")
        case .education: try objects("education", "educations", "degrees", as: "degree")
        case .score: try number("score", "adminScore", "admin_score", "rating")
        }
    }

    private func text(_ names: String..., limit: Int = shortText) throws(InvalidPayload) -> JSONValue? {
        guard let (name, value) = try find(names) else { return nil }
        switch value {
        case .string(let text):
            try check(text, name, limit)
            return .string(text)
        case .number(let text): return .string(text)
        default: throw InvalidPayload(field: name, problem: "expected a string, found \(value.noun)")
        }
    }

    /// A text, or an object of texts such as city and country.
    private func place(_ names: String...) throws(InvalidPayload) -> JSONValue? {
        guard let (name, value) = try find(names) else { return nil }
        switch value {
        case .string, .members:
            let text = value.strings.joined(separator: ", ")
            try check(text, name, Self.shortText)
            return .string(text)
        default: throw InvalidPayload(field: name, problem: "expected a string, found \(value.noun)")
        }
    }

    /// `fr-FR` and `fr_FR` are `fr`; French and English go by their names too.
    private func language(_ names: String...) throws(InvalidPayload) -> JSONValue? {
        guard let (name, value) = try find(names) else { return nil }
        guard let text = value.text else {
            throw InvalidPayload(field: name, problem: "expected a string, found \(value.noun)")
        }
        try check(text, name, 40)
        let word = text.lowercased().prefix { $0 != "-" && $0 != "_" }
        return switch word {
        case "french", "français", "francais": .string("fr")
        case "english", "anglais": .string("en")
        default: .string(String(word))
        }
    }

    private func number(_ names: String...) throws(InvalidPayload) -> JSONValue? {
        guard let (name, value) = try find(names) else { return nil }
        return try number(value, name)
    }

    /// A number, or a text that is one.
    private func number(_ value: JSONValue, _ name: String) throws(InvalidPayload) -> JSONValue {
        let text: String? =
            switch value {
            case .number(let text), .string(let text): text
            default: nil
            }
        guard let text, let number = Double(text), number.isFinite else {
            throw InvalidPayload(field: name, problem: "expected a number, found \(value.noun)")
        }
        return .number(number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number))
    }

    /// `experience` is the number of years where it is a number, and else the list.
    private func years() throws(InvalidPayload) -> JSONValue? {
        let names = ["experienceYears", "experience_years", "yearsOfExperience", "years_of_experience"]
        var found = try find(names)
        if found == nil, let other = try find(["experience"]), case .number = other.value { found = other }
        guard let found else { return nil }
        let years = try number(found.value, found.name)
        guard let number = years.double, (0...100).contains(number) else {
            throw InvalidPayload(field: found.name, problem: "expected 0 to 100 years, found another number")
        }
        return years
    }

    /// A list of names or of objects, or one text with commas between the names.
    private func skills(_ names: String...) throws(InvalidPayload) -> JSONValue? {
        guard let (name, value) = try find(names) else { return nil }
        var elements: [JSONValue]
        switch value {
        case .array(let list): elements = list
        case .string(let text): elements = text.split { ",;".contains($0) }.map { .string(String($0)) }
        default: throw InvalidPayload(field: name, problem: "expected an array, found \(value.noun)")
        }
        guard elements.count <= Self.skillLimit else {
            throw InvalidPayload(field: name, problem: "expected at most \(Self.skillLimit) skills, found more")
        }
        elements.removeAll(where: \.isNull)
        var skills: [JSONValue] = []
        for (index, element) in elements.enumerated() {
            let path = "\(name).\(index)"
            var members: [JSONValue.Member] = []
            let label = element.text ?? ["name", "skill", "label"].lazy.compactMap { element[$0]?.text }.first
            guard let label else {
                throw InvalidPayload(field: path, problem: "expected a string or an object with a name")
            }
            let skill = label.trimmingSpaces
            try check(skill, path, Self.skillLength)
            if skill.isEmpty { continue }
            members.append(.init(name: "name", value: .string(skill)))
            if let level = element["level"] ?? element["proficiency"], !level.isNull {
                try check(level, "\(path).level", depth: 1)
                members.append(.init(name: "level", value: level))
            }
            skills.append(.members(members))
        }
        return .array(skills)
    }

    /// A list of objects. Texts stand for objects with this one member.
    private func objects(_ names: String..., as member: String) throws(InvalidPayload) -> JSONValue? {
        guard let (name, value) = try find(names) else { return nil }
        let elements: [JSONValue]
        switch value {
        case .array(let list): elements = list
        case .members, .string: elements = [value]
        case .number where name == "experience": return nil
        default: throw InvalidPayload(field: name, problem: "expected an array, found \(value.noun)")
        }
        var objects: [JSONValue] = []
        for (index, element) in elements.enumerated() where !element.isNull {
            try check(element, "\(name).\(index)", depth: 6)
            switch element {
            case .members: objects.append(element)
            case .string: objects.append(.members([.init(name: member, value: element)]))
            default:
                throw InvalidPayload(field: "\(name).\(index)", problem: "expected an object, found \(element.noun)")
            }
        }
        return .array(objects)
    }

    private func find(_ names: [String]) throws(InvalidPayload) -> (name: String, value: JSONValue)? {
        for name in names {
            if let value = try fields.value(name) { return (name, value) }
        }
        return nil
    }

    private func check(_ text: String, _ field: String, _ limit: Int) throws(InvalidPayload) {
        let size = text.utf8.count
        guard size <= limit else {
            throw InvalidPayload(field: field, problem: "expected at most \(limit) bytes, found \(size)")
        }
        guard !text.utf8.contains(0) else {
            throw InvalidPayload(field: field, problem: "expected text, found the character U+0000")
        }
    }

    private func check(_ value: JSONValue, _ field: String, depth: Int) throws(InvalidPayload) {
        guard depth > 0 else { throw InvalidPayload(field: field, problem: "expected less nesting") }
        switch value {
        case .string(let text): try check(text, field, Self.longText)
        case .array(let elements):
            for element in elements { try check(element, field, depth: depth - 1) }
        case .members(let members):
            for member in members {
                try check(member.name, field, 200)
                try check(member.value, "\(field).\(member.name.prefix(100))", depth: depth - 1)
            }
        case .null, .boolean, .number: break
        }
    }
}

extension JSONValue {
    fileprivate var noun: String {
        let kind: JSONScanner.Kind =
            switch self {
            case .members: .object
            case .array: .array
            case .string: .string
            case .number: .number
            case .boolean: .boolean
            case .null: .null
            }
        return kind.noun
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
