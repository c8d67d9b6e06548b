import FlotillaOutbound
import FlotillaPlatform
import FoundationEssentials

/// The parts of a mail as every contender gets them: a template that has been rendered, with a mark for the mail's number.
struct MailParts: Sendable {
    private static let mark = "zzzzzz"

    private struct Rendered: Decodable {
        let subject: String
        let text: String
        let html: String
    }

    // Cut at the mark beforehand, so that filling the number in costs nobody anything worth measuring.
    private let subject: [String]
    private let text: [String]
    private let html: [String]

    init(file: String) throws {
        let rendered = try JSONDecoder().decode(Rendered.self, from: Data(contentsOf: URL(filePath: file)))
        subject = Self.cut(rendered.subject)
        text = Self.cut(rendered.text)
        html = Self.cut(rendered.html)
    }

    func mail(_ number: Int, from sender: MailMessage.Mailbox) -> MailMessage {
        let digits = String(number)
        let six = String(repeating: "0", count: 6 - digits.utf8.count) + digits
        return MailMessage(
            id: "bench-\(six)",
            from: sender,
            to: .init(name: "Zoé Dupont", address: "guest-\(six)@example.com"),
            subject: subject.joined(separator: six),
            text: text.joined(separator: six),
            html: html.joined(separator: six),
            date: WallClock.microseconds()
        )
    }

    private static func cut(_ text: String) -> [String] {
        text.split(separator: mark, omittingEmptySubsequences: false).map(String.init)
    }
}
