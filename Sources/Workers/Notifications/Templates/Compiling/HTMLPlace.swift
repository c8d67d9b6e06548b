/// Where in an HTML text one is, which decides how a variable has to be escaped there.
///
/// It follows HTML's tokenizer (WHATWG, 13.2.5) as far as templates need it: tags, quoted attributes, comments, and
/// the elements whose content is no markup.
struct HTMLPlace: Sendable, Hashable {
    private enum State: Sendable, Hashable {
        case content, tagOpen, tagName, insideTag, attributeName, afterAttributeName, beforeValue
        case value(quote: UInt8)
        case unquotedValue, declaration, comment
        /// `script` or `style`: no markup and no variables until its end tag.
        case rawText(String)
    }

    private var state = State.content
    private var isEndTag = false
    private var element: [UInt8] = []
    private var attribute: [UInt8] = []
    /// What the attribute's value begins with, as far as it decides on the scheme of a link.
    private var value: [UInt8] = []
    private var recent: [UInt8] = []

    private static let linkAttributes: Set<String> = [
        "href", "xlink:href", "src", "action", "formaction", "background", "poster", "cite", "data", "ping",
    ]
    private static let refusedAttributes: Set<String> = ["style", "srcset", "srcdoc"]

    /// How to write a variable at this place, or why none may stand here.
    enum Rule: Sendable, Hashable {
        case write(Escaping)
        case refuse(String)
    }

    var rule: Rule {
        switch state {
        case .content: return .write(.content)
        case .value: return valueRule
        case .rawText(let name): return .refuse("inside <\(name)>")
        case .comment, .declaration: return .refuse("inside a comment")
        case .beforeValue, .unquotedValue: return .refuse("in an attribute without quotes")
        default: return .refuse("inside a tag, outside of an attribute's value")
        }
    }

    private var valueRule: Rule {
        let name = String(decoding: attribute, as: UTF8.self)
        if name.hasPrefix("on") || Self.refusedAttributes.contains(name) { return .refuse("in the attribute \(name)") }
        guard Self.linkAttributes.contains(name) else { return .write(.attribute) }
        if value.isEmpty { return .write(.link) }
        guard value.contains(where: { ":/?#".utf8.contains($0) }) || value == Self.variable else {
            return .refuse("behind an unfinished address in \(name)")
        }
        return .write(.linkPart)
    }

    /// Stands in `value` for a variable, which has been checked to begin with a scheme.
    private static let variable: [UInt8] = [0]

    /// A variable was written here.
    mutating func passVariable() {
        if case .value = state, value.isEmpty { value = Self.variable }
    }

    mutating func pass(_ text: [UInt8]) {
        for byte in text { pass(byte) }
    }

    private mutating func pass(_ byte: UInt8) {
        switch state {
        case .content: if byte == UInt8(ascii: "<") { state = .tagOpen }
        case .tagOpen: open(byte)
        case .tagName:
            if byte.isTemplateSpace || byte == UInt8(ascii: "/") {
                state = .insideTag
            } else if byte == UInt8(ascii: ">") {
                closeTag()
            } else {
                element.append(byte.lowercased)
            }
        case .insideTag: passInsideTag(byte)
        case .attributeName, .afterAttributeName: passAttributeName(byte)
        case .beforeValue:
            if byte.isTemplateSpace { return }
            value = []
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                state = .value(quote: byte)
            } else if byte == UInt8(ascii: ">") {
                closeTag()
            } else {
                state = .unquotedValue
            }
        case .value(let quote):
            if byte == quote { leaveAttribute() } else if value.count < 32 { value.append(byte) }
        case .unquotedValue:
            if byte == UInt8(ascii: ">") { closeTag() } else if byte.isTemplateSpace { leaveAttribute() }
        case .declaration:
            recent.append(byte)
            if recent == [UInt8(ascii: "-"), UInt8(ascii: "-")] {
                (state, recent) = (.comment, [])
            } else if byte == UInt8(ascii: ">") {
                (state, recent) = (.content, [])
            }
        case .comment: if ends(with: "-->", at: byte) { (state, recent) = (.content, []) }
        case .rawText(let name): if ends(with: "</\(name)", at: byte) { reopen(name) }
        }
    }

    private mutating func open(_ byte: UInt8) {
        (isEndTag, element, recent) = (false, [], [])
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "?"): state = .declaration
        case UInt8(ascii: "/"):
            isEndTag = true
            state = .tagName
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
            element = [byte.lowercased]
            state = .tagName
        case UInt8(ascii: "<"): break
        default: state = .content
        }
    }

    private mutating func passInsideTag(_ byte: UInt8) {
        if byte.isTemplateSpace || byte == UInt8(ascii: "/") { return }
        if byte == UInt8(ascii: ">") { return closeTag() }
        attribute = [byte.lowercased]
        state = .attributeName
    }

    private mutating func passAttributeName(_ byte: UInt8) {
        if byte == UInt8(ascii: "=") {
            state = .beforeValue
        } else if byte == UInt8(ascii: ">") {
            closeTag()
        } else if byte.isTemplateSpace {
            state = .afterAttributeName
        } else if byte == UInt8(ascii: "/") {
            state = .insideTag
        } else if state == .afterAttributeName {
            attribute = [byte.lowercased]
            state = .attributeName
        } else {
            attribute.append(byte.lowercased)
        }
    }

    private mutating func leaveAttribute() { (state, attribute, value) = (.insideTag, [], []) }

    private mutating func closeTag() {
        let name = String(decoding: element, as: UTF8.self)
        state = !isEndTag && (name == "script" || name == "style") ? .rawText(name) : .content
        (element, attribute, value, recent, isEndTag) = ([], [], [], [], false)
    }

    private mutating func reopen(_ name: String) {
        (isEndTag, element, recent) = (true, Array(name.utf8), [])
        state = .tagName
    }

    /// Whether the text up to `byte` ends with the word, letters compared without case.
    private mutating func ends(with word: String, at byte: UInt8) -> Bool {
        recent.append(byte.lowercased)
        if recent.count > word.utf8.count { recent.removeFirst() }
        return recent.elementsEqual(word.utf8)
    }
}

extension UInt8 {
    var lowercased: UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self }
}
