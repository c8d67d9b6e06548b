/// Turns the text of a file into nodes: Mustache's variables, sections, partials and comments.
///
/// As in Mustache, a line that holds nothing but one tag which prints nothing itself leaves no empty line behind.
struct TemplateParser {
    /// Sections in sections; enough for any mail.
    static let maximumDepth = 16

    private struct OpenSection {
        let tag: SectionTag
        var nodes: [SyntaxNode]
    }

    private let bytes: [UInt8]
    private let file: String
    private var line: Int
    private var position = 0
    private var open: [OpenSection] = []
    private var nodes: [SyntaxNode] = []
    private var mistakes: [TemplateMistakes.Mistake] = []

    /// - Parameter firstLine: The line of the file that the bytes begin in.
    static func parse(
        _ bytes: [UInt8],
        file: String,
        firstLine: Int = 1,
        mistakes: inout [TemplateMistakes.Mistake]
    ) -> ParsedTemplate {
        var parser = TemplateParser(bytes: bytes, file: file, line: firstLine)
        parser.run()
        mistakes += parser.mistakes
        return ParsedTemplate(file: file, nodes: parser.nodes)
    }

    private init(bytes: [UInt8], file: String, line: Int) {
        (self.bytes, self.file, self.line) = (bytes, file, line)
    }

    private mutating func run() {
        while let start = find("{{", from: position) {
            guard let end = find("}}", from: start + 2) else {
                addText(upTo: start)
                report("“{{” without “}}”")
                break
            }
            var text = position..<start
            var next = end + 2
            let sigil = bytes[start + 2..<end].first
            if sigil == UInt8(ascii: "{"), next < bytes.count, bytes[next] == UInt8(ascii: "}") { next += 1 }
            if let sigil, "#^/!>".utf8.contains(sigil), let alone = lineAround(start..<next, after: position) {
                text = position..<alone.lowerBound
                // A partial stands for a line: its own last line break was taken off.
                next = sigil == UInt8(ascii: ">") ? next : alone.upperBound
            }
            addText(upTo: text.upperBound)
            line += lineBreaks(in: text.upperBound..<start)
            take(bytes[start + 2..<end])
            line += lineBreaks(in: start..<next)
            position = next
        }
        addText(upTo: bytes.count)
        while let section = open.popLast() {
            mistakes.append(.init(file: file, line: section.tag.line, problem: "\(section.tag.text) is never closed"))
        }
    }

    private mutating func take(_ tag: ArraySlice<UInt8>) {
        do throws(TagReader.Problem) {
            var reader = TagReader(tag.dropFirst(), line: line)
            switch tag.first {
            case UInt8(ascii: "!"): break
            case UInt8(ascii: "#"): try openSection(reader.onlyPath(), isInverted: false)
            case UInt8(ascii: "^"): try openSection(reader.onlyPath(), isInverted: true)
            case UInt8(ascii: "/"): close(try reader.onlyPath())
            case UInt8(ascii: ">"): add(.partial(try reader.partial()))
            case UInt8(ascii: "{"), UInt8(ascii: "&"):
                report("unescaped output is not allowed; write {{name}}")
            case UInt8(ascii: "="): report("delimiters can't be changed")
            default:
                reader = TagReader(tag, line: line)
                add(.variable(try reader.variable()))
            }
        } catch { report(error.text) }
    }

    private mutating func openSection(_ path: VariablePath, isInverted: Bool) {
        if open.count == Self.maximumDepth { report("sections are nested deeper than \(Self.maximumDepth)") }
        open.append(OpenSection(tag: SectionTag(path: path, isInverted: isInverted, line: line), nodes: []))
    }

    private mutating func close(_ path: VariablePath) {
        guard let section = open.popLast() else { return report("{{/\(path)}} closes nothing") }
        if section.tag.path != path { report("{{/\(path)}} closes \(section.tag.text) of line \(section.tag.line)") }
        // Deeper ones are reported, and dropped so that nothing later descends into them.
        if open.count < Self.maximumDepth { add(.section(section.tag, section.nodes)) }
    }

    private mutating func add(_ node: SyntaxNode) {
        if open.isEmpty { nodes.append(node) } else { open[open.count - 1].nodes.append(node) }
    }

    private mutating func addText(upTo end: Int) {
        guard position < end else { return }
        add(.text(Array(bytes[position..<end])))
        line += lineBreaks(in: position..<end)
        position = end
    }

    private mutating func report(_ problem: String) {
        mistakes.append(.init(file: file, line: line, problem: problem))
    }

    /// The whole line with its break, when the tag is all that is on it and the line begins after `start`.
    private func lineAround(_ tag: Range<Int>, after start: Int) -> Range<Int>? {
        var first = tag.lowerBound
        while first > start, bytes[first - 1] == 0x20 || bytes[first - 1] == 0x09 { first -= 1 }
        guard first == 0 || bytes[first - 1] == 0x0a else { return nil }
        var end = tag.upperBound
        while end < bytes.count, bytes[end] == 0x20 || bytes[end] == 0x09 || bytes[end] == 0x0d { end += 1 }
        guard end < bytes.count else { return first..<end }
        return bytes[end] == 0x0a ? first..<end + 1 : nil
    }

    private func find(_ pair: String, from start: Int) -> Int? {
        let byte = pair == "{{" ? UInt8(ascii: "{") : UInt8(ascii: "}")
        var index = start
        while index + 1 < bytes.count {
            if bytes[index] == byte, bytes[index + 1] == byte { return index }
            index += 1
        }
        return nil
    }

    private func lineBreaks(in range: Range<Int>) -> Int {
        range.isEmpty ? 0 : bytes[range].count { $0 == 0x0a }
    }
}
