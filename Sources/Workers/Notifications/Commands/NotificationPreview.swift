import FlotillaCommandLineKit
import FlotillaModels

/// The part of a notification that is shown.
enum PreviewFormat: String, CaseIterable, TextValue {
    case html, text, short, subject

    func text(of notification: RenderedNotification) -> String {
        switch self {
        case .html: notification.html
        case .text: notification.text
        case .short: notification.short
        case .subject: notification.subject
        }
    }
}

/// `table` or `json` on standard output, or else a file.
enum PreviewOutput: TextValue {
    case format(OutputFormat)
    case file(String)

    init?(text: String) {
        guard !text.isEmpty else { return nil }
        self = OutputFormat(text: text).map { .format($0) } ?? .file(text)
    }

    static var expectation: String { "table, json or a file" }

    var text: String {
        switch self {
        case .format(let format): format.text
        case .file(let path): path
        }
    }
}

/// All parts of a notification, for scripts.
struct PreviewAnswer: Encodable {
    let template: String
    let language: String
    let subject: String
    let short: String
    let text: String
    let html: String

    init(_ template: String, _ notification: RenderedNotification) {
        (self.template, language, subject) = (template, notification.language, notification.subject)
        (short, text, html) = (notification.short, notification.text, notification.html)
    }
}

/// What the worker gives to every template, made up.
enum PreviewValues {
    /// The values with what they lack.
    static func completing(_ values: JSONValue, for template: Template) -> JSONValue {
        guard case .members(var members) = values else { return values }
        var common: [JSONValue.Member] = [
            object(
                "recipient",
                [("id", "user-1"), ("name", "Camille Martin"), ("email", "camille.martin@example.com")]
            ),
            object(
                "app",
                [("name", "Flotilla"), ("url", "https://app.example.com"), ("support_email", "support@example.com")]
            ),
        ]
        if template.category == .marketing {
            common.append(.init(name: "unsubscribe_url", value: .string("https://app.example.com/unsubscribe/example")))
        }
        members += common.filter { values[$0.name] == nil }
        return .members(members)
    }

    private static func object(_ name: String, _ members: [(String, String)]) -> JSONValue.Member {
        .init(name: name, value: .members(members.map { .init(name: $0.0, value: .string($0.1)) }))
    }
}

extension String {
    var withoutLastBreak: String { last == "\n" ? String(dropLast()) : self }
}
