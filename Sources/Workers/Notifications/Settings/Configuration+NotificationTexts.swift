package import FlotillaCommandLineKit
import FlotillaOperations
import FlotillaOutbound
import FlotillaPlatform
import FoundationEssentials

extension Configuration {
    /// The folder of templates; where it is named nowhere and not in the current folder, the one beside the queue file.
    var templateFolder: String {
        let folder = self[Settings.templates]
        guard source(of: Settings.templates) == .standard, !FileManager.default.fileExists(atPath: folder),
            let fleet = PrivateFile.parent(of: self[Settings.queues])
        else { return folder }
        let beside = "\(fleet)/\(folder)"
        return FileManager.default.fileExists(atPath: beside) ? beside : folder
    }

    /// What notifications say and who they come from, or every mistake in the templates as wrong use.
    package func notificationTexts() throws(CommandError) -> NotificationTexts {
        let templates: TemplateLibrary
        do throws(TemplateMistakes) {
            templates = try TemplateLibrary(folder: templateFolder)
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
