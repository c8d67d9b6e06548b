import CFlotillaYAML

/// The only owner of a libyaml parser, and of the bytes that it reads.
@safe struct YAMLEvents: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: [UInt8]) {
        unsafe input = .allocate(capacity: bytes.count)
        _ = unsafe input.initialize(from: bytes)
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        let isReady = unsafe yaml_parser_initialize(parser) == 1
        precondition(isReady, "out of memory")
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event. After an error there is none.
    borrowing func next() throws(FileMistake) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw failure() }
        defer { unsafe yaml_event_delete(&event) }
        let line = unsafe Int(event.start_mark.line) + 1
        switch unsafe event.type {
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let text = unsafe String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length),
                as: UTF8.self
            )
            let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
            return unsafe YAMLEvent(
                kind: .scalar(text, isPlain: isPlain),
                line: line,
                anchor: Self.text(scalar.anchor),
                tag: Self.text(scalar.tag)
            )
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            return unsafe YAMLEvent(
                kind: .sequenceStart,
                line: line,
                anchor: Self.text(start.anchor),
                tag: Self.text(start.tag)
            )
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            return unsafe YAMLEvent(
                kind: .mappingStart,
                line: line,
                anchor: Self.text(start.anchor),
                tag: Self.text(start.tag)
            )
        case YAML_ALIAS_EVENT:
            let name = unsafe Self.text(event.data.alias.anchor) ?? ""
            return YAMLEvent(kind: .alias(name), line: line)
        case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .sequenceEnd, line: line)
        case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mappingEnd, line: line)
        case YAML_DOCUMENT_START_EVENT: return YAMLEvent(kind: .documentStart, line: line)
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return YAMLEvent(kind: .streamEnd, line: line)
        default: return YAMLEvent(kind: .other, line: line)
        }
    }

    private borrowing func failure() -> FileMistake {
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "cannot be read"
        if unsafe parser.pointee.error == YAML_READER_ERROR {
            let offset = unsafe min(parser.pointee.problem_offset, input.count)
            let line = unsafe input[..<offset].count { $0 == UInt8(ascii: "\n") } + 1
            return FileMistake(line: line, message: "not valid YAML: \(problem)")
        }
        let mark = unsafe parser.pointee.problem_mark
        let context = unsafe parser.pointee.context.map { unsafe " (\(String(cString: $0)))" } ?? ""
        var message = "not valid YAML: \(problem)\(context)"
        let line = Int(mark.line) + 1
        if isIndentedWithTab(line) { message += "; indent with spaces, not with tabs" }
        return FileMistake(line: line, message: message)
    }

    private borrowing func isIndentedWithTab(_ line: Int) -> Bool {
        let lines = unsafe input.split(
            separator: UInt8(ascii: "\n"),
            maxSplits: line,
            omittingEmptySubsequences: false
        )
        guard unsafe line <= lines.count else { return false }
        let indent = unsafe lines[line - 1].prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        return unsafe indent.contains(UInt8(ascii: "\t"))
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        unsafe pointer.map { unsafe String(cString: $0) }
    }
}
