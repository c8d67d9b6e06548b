import FlotillaModels

/// What the worker gives to every template, made up.
enum PreviewValues {
    /// The values with what they lack.
    static func completing(_ values: JSONValue, for template: Template) -> JSONValue {
        guard case .members(var members) = values else { return values }
        var common: [JSONValue.Member] = [
            object(
                "recipient",
                [("id", "user-1"), ("name", "Camille Martin"), ("email", "camille.martin@example.com")]
            ),
            object(
                "app",
                [("name", "Flotilla"), ("url", "https://app.example.com"), ("support_email", "support@example.com")]
            ),
        ]
        if template.category == .marketing {
            common.append(.init(name: "unsubscribe_url", value: .string("https://app.example.com/unsubscribe/example")))
        }
        members += common.filter { values[$0.name] == nil }
        return .members(members)
    }

    private static func object(_ name: String, _ members: [(String, String)]) -> JSONValue.Member {
        .init(name: name, value: .members(members.map { .init(name: $0.0, value: .string($0.1)) }))
    }
}
