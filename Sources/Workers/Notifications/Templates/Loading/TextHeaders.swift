/// The lines above the text of `fr.txt`: what mail programs and telephones show beside the text.
enum TextHeader: String, CaseIterable, Sendable {
    case subject = "Subject"
    /// For SMS, and for the line under the title in an application.
    case short = "Short"
    /// What the list of mails shows beside the subject.
    case preview = "Preview"
    /// Why the reader gets the mail, for its foot.
    case reason = "Reason"

    /// How many characters are kept; the rest is cut off at a space, with an ellipsis.
    var limit: Int { self == .short ? 320 : 200 }
}

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
