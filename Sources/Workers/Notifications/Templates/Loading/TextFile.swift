/// A text file, taken apart.
struct TextFile {
    private(set) var headers: [TextHeader: ParsedTemplate] = [:]
    let body: ParsedTemplate

    init(_ bytes: [UInt8], file: String, mistakes: inout [TemplateMistakes.Mistake]) {
        var position = 0
        var line = 1
        while position < bytes.count {
            let end = bytes[position...].firstIndex(of: 0x0a) ?? bytes.count
            let content = bytes[position..<end]
            position = min(end + 1, bytes.count)
            line += 1
            if content.allSatisfy(\.isTemplateSpace) { break }
            let parts = content.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(decoding: parts[0], as: UTF8.self)
            guard parts.count == 2, let header = TextHeader(rawValue: name), headers[header] == nil else {
                let known = TextHeader.allCases.map { "\($0.rawValue):" }.joined(separator: ", ")
                let problem = "expected each of \(known) once, and then an empty line"
                mistakes.append(.init(file: file, line: line - 1, problem: problem))
                continue
            }
            let text = Array(parts[1].drop(while: \.isTemplateSpace))
            headers[header] = TemplateParser.parse(text, file: file, firstLine: line - 1, mistakes: &mistakes)
        }
        for header in TextHeader.allCases where headers[header] == nil {
            mistakes.append(.init(file: file, line: 1, problem: "the line \(header.rawValue): is missing"))
        }
        body = TemplateParser.parse(Array(bytes[position...]), file: file, firstLine: line, mistakes: &mistakes)
    }
}
