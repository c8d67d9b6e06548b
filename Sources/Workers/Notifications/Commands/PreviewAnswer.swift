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
