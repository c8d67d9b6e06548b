import FlotillaTestSupport
import Foundation

/// Programs that read what we have written.
enum Tool {
    static let areAvailable =
        ProcessInfo.processInfo.environment["CI"] != nil
        || ["pdftotext", "pdftoppm", "pdfunite", "qpdf", "zbarimg"].allSatisfy {
            FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)")
        }

    /// Runs a shell's words in a folder, and returns what they print. Any status but 0 is an error.
    @discardableResult
    static func run(_ words: String, in folder: URL) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-ec", words]
        process.currentDirectoryURL = folder
        let (output, errors) = (Pipe(), folder.appending(path: "errors.\(UUID().uuidString)"))
        try Data().write(to: errors)
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let reason = (try? String(contentsOf: errors, encoding: .utf8))?.suffix(1_000) ?? ""
            throw TestSetupError(description: "\(words) ended with \(process.terminationStatus): \(reason)")
        }
        try FileManager.default.removeItem(at: errors)
        return text
    }

    /// The text of a PDF file, page after page, each with a form feed at its end.
    static func text(of file: URL) throws -> String {
        try run("pdftotext -enc UTF-8 '\(file.lastPathComponent)' -", in: file.deletingLastPathComponent())
    }
}
