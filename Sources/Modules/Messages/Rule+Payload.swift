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
                // Under a second name anything goes, as long as the first one is there.
                let shape = field.otherNames.isEmpty ? field.shape : PayloadShape.any
                return [Field.optional(field.name, .payload(shape), field.summary)]
                    + field.otherNames.map {
                        Field.optional($0, .payload(shape), "As \(field.name), and read where that is missing.")
                    }
            },
            synonyms: fields.filter { $0.isRequired || !$0.otherNames.isEmpty }.map {
                Synonyms([$0.name] + $0.otherNames, isRequired: $0.isRequired, schema: $0.shape.schema)
            }
        )
    }
}
