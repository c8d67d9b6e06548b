/// A piece of a YAML document, and the line where it begins.
package struct YAMLNode {
    package enum Content {
        /// A plain scalar may be a number, a truth value or nothing; a quoted one is text.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([Entry])
    }

    package struct Entry {
        package var key: YAMLNode
        package var value: YAMLNode
    }

    /// Counted from 1.
    package var line: Int
    package var content: Content

    /// How a person would call it: for messages.
    package var kind: String {
        switch content {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .scalar(let text, isPlain: false): "the text \"\(text.clipped)\""
        case .scalar(let text, isPlain: true):
            if isNull { "nothing" } else { "'\(text.clipped)'" }
        }
    }

    package var isNull: Bool {
        if case .scalar(let text, isPlain: true) = content {
            ["", "~", "null", "Null", "NULL"].contains(text)
        } else {
            false
        }
    }
}

extension String {
    /// Short enough for a message.
    package var clipped: String { count > 60 ? prefix(57) + "..." : self }
}
