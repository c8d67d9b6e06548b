import FlotillaModels

/// The fields that a body or a query may have, and no others.
package struct Fields: Sendable, ExpressibleByArrayLiteral {
    /// One value under several names: the first of them that is there and not null is read, and nobody looks at the others.
    package struct Synonyms: Sendable {
        /// At least one.
        package let names: [String]
        /// Whether one of them has to be there.
        package let isRequired: Bool
        /// JSON Schema of the value that is read.
        package let schema: String

        package init(_ names: [String], isRequired: Bool, schema: String) {
            self.names = names
            self.isRequired = isRequired
            self.schema = schema
        }
    }

    package let all: [any AnyField]
    /// This is for the description; who reads the fields checks it.
    package let synonyms: [Synonyms]

    package init(arrayLiteral elements: any AnyField...) { self.init(elements) }

    package init(_ fields: [any AnyField], synonyms: [Synonyms] = []) {
        all = fields
        self.synonyms = synonyms
    }

    /// Reads a body; reports every mistake at once. `null` counts as absent, and a byte order mark as nothing.
    ///
    /// - Throws: 415 for another content type, charset or coding, 400 for what is not a JSON object, 422 for mistakes in it.
    package func read(body request: HTTPRequest) throws(APIError) -> FieldValues {
        try BodyType.json.check(request.headers)
        let body = request.body.starts(with: [0xef, 0xbb, 0xbf]) ? Array(request.body.dropFirst(3)) : request.body
        return try read(json: body, called: "body")
    }

    /// Reads a JSON object; reports every mistake at once.
    ///
    /// - Parameter what: it is, for messages.
    /// - Throws: 400 for what is not a JSON object, 422 for mistakes in it.
    func read(json body: [UInt8], called what: String) throws(APIError) -> FieldValues {
        var members: [(name: String?, member: JSONMember)] = []
        do {
            try JSONScanner.forEachMember(of: body) { member in
                let key = member.key.lowerBound - 1..<member.key.upperBound + 1
                members.append((JSONMember.unquoted(body[key]), JSONMember(member, in: body)))
            }
        } catch {
            throw APIError(status: 400, code: "invalid_json", message: "The \(what) does not read: \(error).")
        }
        guard body.first(where: { ![0x20, 0x0a, 0x0d, 0x09].contains($0) }) == UInt8(ascii: "{") else {
            throw APIError(status: 400, code: "invalid_json", message: "The \(what) has to be a JSON object.")
        }
        var reading = Reading(fields: self)
        for (name, member) in members {
            reading.take(name ?? "?", isNull: member.kind == .null) { field throws(RuleProblem) in
                try field.read(member)
            }
        }
        return try reading.finish()
    }

    /// Reads a query string.
    ///
    /// - Throws: 422 with every mistake.
    package func read(query: String) throws(APIError) -> FieldValues {
        var reading = Reading(fields: self)
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = parts[0].percentDecoded(plusIsSpace: true)
            let value = parts.count > 1 ? parts[1].percentDecoded(plusIsSpace: true) : ""
            reading.take(name ?? parts[0], isNull: false) { field throws(RuleProblem) in
                guard let value else { throw RuleProblem("is not encoded as UTF-8 with percent signs") }
                return try field.readText(value)
            }
        }
        return try reading.finish()
    }

    /// Reads the declared ones of a request's header fields; the others are none of a route's business.
    ///
    /// - Throws: 422 with every mistake.
    package func read(headers: HTTPHeaders) throws(APIError) -> FieldValues {
        guard !all.isEmpty else { return FieldValues() }
        var reading = Reading(fields: self)
        for field in all {
            for value in headers.values(of: field.name) {
                reading.take(field.name, isNull: false) { field throws(RuleProblem) in try field.readText(value) }
            }
        }
        return try reading.finish()
    }
}

/// One pass over a request's fields.
private struct Reading {
    let fields: Fields
    private var values = FieldValues()
    private var seen: Set<String> = []
    private var problems: [APIError.Detail] = []

    init(fields: Fields) { self.fields = fields }

    mutating func take(
        _ name: String,
        isNull: Bool,
        read: (any AnyField) throws(RuleProblem) -> any Sendable
    ) {
        guard let field = fields.all.first(where: { $0.name == name }) else {
            return report(String(name.prefix(100)), "is not known; there are \(names)")
        }
        guard seen.insert(name).inserted else { return report(name, "is there twice") }
        if isNull && !field.isRequired { return }
        do throws(RuleProblem) {
            values.set(name, try read(field))
        } catch {
            report(name, error.text)
        }
    }

    mutating func finish() throws(APIError) -> FieldValues {
        for field in fields.all where field.isRequired && !seen.contains(field.name) {
            report(field.name, "is missing")
        }
        guard problems.isEmpty else { throw .invalid(problems) }
        return values
    }

    private var names: String {
        fields.all.isEmpty ? "none" : fields.all.map(\.name).joined(separator: ", ")
    }

    /// A body of a million unknown names is not answered with as many lines.
    private mutating func report(_ field: String, _ message: String) {
        if problems.count < 50 { problems.append(APIError.Detail(field: field, message: message)) }
    }
}
