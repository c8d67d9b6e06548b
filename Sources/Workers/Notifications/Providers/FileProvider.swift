import FlotillaOutbound
import FlotillaPlatform
import FoundationEssentials
import Glibc

private let fileCalls = BlockingCalls(name: "mail-files", threads: 2)

/// Notifications as files in a folder, for machines without an account anywhere.
struct FileProvider<Content: Sendable>: NotificationProvider {
    let name: String
    let folder: String
    /// The name and the content of the file for a notification, and the id that it is recorded by.
    private let make: @Sendable (Content) throws -> (fileName: String, text: String, messageID: String)

    /// Written whole or not at all; a notification that comes again replaces its file.
    func send(_ content: Content) async -> ProviderResult {
        let file: (fileName: String, text: String, messageID: String)
        do { file = try make(content) } catch { return .refused(reason: "\(error)") }
        do {
            try await fileCalls.run { [folder] in
                try Self.make(folder)
                try PrivateFile.write(file.text, to: "\(folder)/\(file.fileName)")
            }
            return .accepted(messageID: file.messageID)
        } catch {
            return .unavailable(reason: "\(error)", after: nil)
        }
    }

    func isReachable() async -> Bool {
        (try? await fileCalls.run { [folder] in try Self.make(folder) }) != nil
    }

    /// A folder that is there already keeps its mode.
    private static func make(_ folder: String) throws(SystemError) {
        if unsafe access(folder, W_OK | X_OK) != 0 { try PrivateFile.makeFolder(folder) }
    }
}

extension FileProvider<MailMessage> {
    /// `<id>.eml`, which every mail program opens.
    static func mail(to folder: String) -> Self {
        FileProvider(name: NotificationConfiguration.EmailProvider.file.rawValue, folder: folder) { mail in
            let id = try mail.messageID()
            let name = id.prefix { $0 != "@" } + ".eml"
            return (String(name), String(decoding: try mail.mime(), as: UTF8.self), id)
        }
    }
}

extension FileProvider<TextMessage> {
    /// `<id>.json`.
    static func sms(to folder: String) -> Self {
        FileProvider(name: NotificationConfiguration.SMSProvider.file.rawValue, folder: folder) { message in
            try message.check()
            let isPlain = message.id.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20) || $0 == UInt8(ascii: "-")
            }
            let isName = isPlain && (1...64).contains(message.id.utf8.count)
            let name = isName ? message.id : SHA256.digest(message.id).hexadecimal
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let body = TextMessageFile(id: message.id, to: message.to, from: message.from ?? "", body: message.body)
            let text = String(decoding: try encoder.encode(body), as: UTF8.self)
            return ("\(name).json", text + "\n", message.id)
        }
    }
}

private struct TextMessageFile: Encodable {
    let id, to, from, body: String
}
