package import FlotillaHTTPRouting

extension Rule where Value == [UInt8] {
    /// A part of a message's body, byte by byte as it was sent. What reads the whole checks it.
    package static func payload(_ shape: PayloadShape) -> Self {
        let any = Rule.json
        return Rule(schema: shape.schema, read: any.read, readText: any.readText)
    }
}

extension Fields {
    /// The fields of a message as members of a request, under each of their names.
    package init(_ fields: [PayloadField]) {
        self.init(
            fields.flatMap { field in
                [Field.optional(field.name, .payload(field.shape), field.summary)]
                    + field.otherNames.map { Field.optional($0, .payload(field.shape), "As \(field.name).") }
            },
            oneOf: fields.filter(\.isRequired).map { [$0.name] + $0.otherNames }
        )
    }
}
