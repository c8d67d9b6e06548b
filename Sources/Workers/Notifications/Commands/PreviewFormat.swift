import FlotillaCommandLineKit

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
