import FlotillaMessaging

/// The JSON of users and permissions, as much of it as the publishers need.
enum AccessDefinitions {
    struct User: Decodable {
        var name: String
        var tags: TagList
    }

    /// A list, or in RabbitMQ before 3.9 a text with commas.
    struct TagList: Codable {
        var tags: Set<String>

        init(_ tags: Set<String>) { self.tags = tags }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let list = try? container.decode([String].self) {
                tags = Set(list)
            } else {
                tags = Set(try container.decode(String.self).split(separator: ",").map(String.init))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(tags.sorted().joined(separator: ","))
        }
    }

    struct Permission: Codable {
        var user: String?
        var configure: String
        var write: String
        var read: String

        var permission: UserPermission {
            UserPermission(user: user ?? "", configure: configure, write: write, read: read)
        }
    }

    struct Topic: Codable {
        var user: String?
        var exchange: String
        var write: String
        var read: String

        var permission: TopicPermission {
            TopicPermission(user: user ?? "", exchange: exchange, write: write, read: read)
        }
    }

    struct NewPassword: Encodable {
        var password: String
        var tags: TagList
    }
}
