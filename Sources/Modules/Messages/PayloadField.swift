import FlotillaHTTPRouting

/// A field of a message's body.
package struct PayloadField: Sendable, Hashable {
    /// The name to write.
    package let name: String
    /// Names by which it is read as well, for services that write it otherwise.
    package let otherNames: [String]
    package let shape: PayloadShape
    package let summary: String
    package private(set) var isRequired = false
    /// The name of the field without which this one is read; `nil` when it is read in any case.
    package private(set) var alternativeTo: String?

    /// A field that may be left out, or be null.
    package init(_ name: String, or otherNames: String..., is shape: PayloadShape, _ summary: String) {
        self.name = name
        self.otherNames = otherNames
        self.shape = shape
        self.summary = summary
    }

    /// The same field, where it has to be there.
    package var required: Self {
        var field = self
        field.isRequired = true
        return field
    }

    /// The same field, where it is read only when another is not there.
    package func instead(of name: String) -> Self {
        var field = self
        field.alternativeTo = name
        return field
    }

    /// JSON Schema of an object with these fields, under the names to write.
    ///
    /// - Parameter isOpen: whether it may have further members.
    package static func schema(of fields: [Self], isOpen: Bool) -> String {
        var properties = JSONObject()
        for field in fields {
            let also = field.otherNames.isEmpty ? "" : " Also read as \(field.otherNames.joined(separator: ", "))."
            let only = field.alternativeTo.map { " Read where \($0) is missing." } ?? ""
            let shapes =
                field.isRequired
                ? "\"allOf\":[\(field.shape.schema)]" : "\"anyOf\":[\(field.shape.schema),{\"type\":\"null\"}]"
            properties.add(field.name, json: "{\"description\":\((field.summary + also + only).json),\(shapes)}")
        }
        var schema = JSONObject()
        schema.add("type", "object")
        if !fields.isEmpty { schema.add("properties", json: properties.closed) }
        let required = fields.filter(\.isRequired).map(\.name.json)
        if !required.isEmpty { schema.add("required", jsons: required) }
        schema.add("additionalProperties", isOpen)
        return schema.closed
    }
}
