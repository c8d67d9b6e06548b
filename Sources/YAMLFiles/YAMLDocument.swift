/// Reads the one document of a file into nodes.
///
/// What YAML allows and a file of settings does not need is refused by name rather than misread: anchors, aliases,
/// merge keys, tags, several documents. So are files above 1 MiB, 32 levels of nesting or 100,000 nodes.
struct YAMLDocument: ~Copyable {
    static let largest = 1 << 20
    static let deepest = 32
    static let mostNodes = 100_000

    private let events: YAMLEvents
    private var nodes = 0

    private init(_ bytes: [UInt8]) { events = YAMLEvents(bytes) }

    /// The document's root, or `nil` when the file holds nothing but comments.
    static func root(of bytes: [UInt8]) throws(FileMistake) -> YAMLNode? {
        guard bytes.count <= largest else {
            throw FileMistake(
                line: 1,
                message: "the file of \(bytes.count) bytes is too large: at most \(largest)"
            )
        }
        var document = YAMLDocument(bytes)
        return try document.read()
    }

    private mutating func read() throws(FileMistake) -> YAMLNode? {
        var root: YAMLNode?
        while true {
            let event = try events.next()
            switch event.kind {
            case .streamEnd: return root
            case .other: continue
            case .documentStart:
                guard root == nil else {
                    throw FileMistake(
                        line: event.line,
                        message: "a second document begins: one is allowed"
                    )
                }
            default: root = try node(from: event, depth: 1)
            }
        }
    }

    private mutating func node(from event: YAMLEvent, depth: Int) throws(FileMistake) -> YAMLNode {
        func refuse(_ message: String) -> FileMistake { .init(line: event.line, message: message) }
        nodes += 1
        guard nodes <= Self.mostNodes else { throw refuse("more than \(Self.mostNodes) values") }
        guard depth <= Self.deepest else { throw refuse("nested more than \(Self.deepest) levels deep") }
        if let anchor = event.anchor { throw refuse("anchor '&\(anchor)': anchors are not supported; write it out") }
        if let tag = event.tag { throw refuse("tag '\(tag)': tags are not supported") }
        switch event.kind {
        case .alias(let name):
            throw refuse("alias '*\(name)': aliases are not supported; write it out, or quote the text")
        case .scalar(let text, let isPlain): return YAMLNode(line: event.line, content: .scalar(text, isPlain: isPlain))
        case .sequenceStart:
            var items: [YAMLNode] = []
            while true {
                let next = try events.next()
                if case .sequenceEnd = next.kind { return YAMLNode(line: event.line, content: .sequence(items)) }
                items.append(try node(from: next, depth: depth + 1))
            }
        case .mappingStart:
            var entries: [YAMLNode.Entry] = []
            while true {
                let next = try events.next()
                if case .mappingEnd = next.kind { return YAMLNode(line: event.line, content: .mapping(entries)) }
                let key = try node(from: next, depth: depth + 1)
                if case .scalar("<<", isPlain: true) = key.content {
                    throw .init(line: key.line, message: "merge key '<<' is not supported; write the keys out")
                }
                entries.append(.init(key: key, value: try node(from: try events.next(), depth: depth + 1)))
            }
        default: throw refuse("not valid YAML: a value was expected")
        }
    }
}
