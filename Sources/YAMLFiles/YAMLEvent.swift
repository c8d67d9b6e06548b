import CFlotillaYAML

/// What libyaml reports of a document, one thing after the other.
struct YAMLEvent {
    enum Kind {
        case scalar(String, isPlain: Bool)
        case sequenceStart
        case sequenceEnd
        case mappingStart
        case mappingEnd
        case alias(String)
        case documentStart
        case streamEnd
        /// Nothing that a reader of nodes has to know.
        case other
    }

    var kind: Kind
    /// Counted from 1.
    var line: Int
    var anchor: String?
    var tag: String?
}
