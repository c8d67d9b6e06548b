import FlotillaTestSupport
import Foundation

/// A mail as Python's `email` package reads it.
struct ReadMail: Decodable {
    struct Mailbox: Decodable, Hashable {
        let name: String
        let address: String
    }

    struct Attachment: Decodable, Hashable {
        let fileName: String
        let contentType: String
        let hex: String
    }

    let defects: [String]
    let isASCII: Bool
    let bareLineEnds: Int
    let longestLine: Int
    let longestWord: Int
    let structure: [String]
    let subject: String
    let from, to, replyTo: [Mailbox]
    let date: Double
    let messageID: String
    let headers: [String: String]
    let text: String?
    let html: String?
    let attachments: [Attachment]

    /// - Throws: when the parser finds the mail malformed.
    static func parse(_ mail: [UInt8]) async throws -> ReadMail {
        let file = FileManager.default.temporaryDirectory.appending(path: "mail.\(UUID().uuidString)")
        let output = file.appendingPathExtension("json")
        try Data(mail).write(to: file)
        try Data().write(to: output)
        defer {
            try? FileManager.default.removeItem(at: file)
            try? FileManager.default.removeItem(at: output)
        }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [URL(filePath: #filePath).deletingLastPathComponent().appending(path: "read-mail.py").path]
        process.standardInput = try FileHandle(forReadingFrom: file)
        process.standardOutput = try FileHandle(forWritingTo: output)
        try process.run()
        try await eventually("the mail is read") { !process.isRunning }
        guard process.terminationStatus == 0 else { throw TestSetupError(description: "a malformed mail") }
        return try JSONDecoder().decode(ReadMail.self, from: Data(contentsOf: output))
    }
}
