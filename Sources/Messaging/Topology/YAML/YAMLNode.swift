/// A piece of a YAML document, and the line where it begins.
struct YAMLNode {
    enum Content {
        /// A plain scalar may be a number, a truth value or nothing; a quoted one is text.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([Entry])
    }

    struct Entry {
        var key: YAMLNode
        var value: YAMLNode
    }

    /// Counted from 1.
    var line: Int
    var content: Content

    /// How a person would call it: for messages.
    var kind: String {
        switch content {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .scalar(let text, isPlain: false): "the text \"\(text.clipped)\""
        case .scalar(let text, isPlain: true):
            if isNull { "nothing" } else { "'\(text.clipped)'" }
        }
    }

    var isNull: Bool {
        if case .scalar(let text, isPlain: true) = content {
            ["", "~", "null", "Null", "NULL"].contains(text)
        } else {
            false
        }
    }
}

extension String {
    /// Short enough for a message.
    var clipped: String { count > 60 ? prefix(57) + "..." : self }
}
