package import FlotillaCommandLineKit
import FlotillaOperations
import FlotillaOutbound

extension Configuration {
    /// What notifications say and who they come from, or every mistake in the templates as wrong use.
    package func notificationTexts() throws(CommandError) -> NotificationTexts {
        let templates: TemplateLibrary
        do throws(TemplateMistakes) {
            templates = try TemplateLibrary(folder: self[Settings.templates])
        } catch {
            throw CommandError("\(error)", status: .wrongUse)
        }
        let settings = try notifications()
        let sender: String
        do {
            sender = try settings.sender().address
        } catch {
            throw CommandError("\(Settings.mailFrom.name) \(error.problem)", status: .wrongUse)
        }
        return NotificationTexts(
            templates: templates,
            identity: NotificationIdentity(
                name: self[Settings.appName],
                publicURL: settings.publicURL,
                supportEmail: self[Settings.supportEmail] ?? sender
            )
        )
    }
}
