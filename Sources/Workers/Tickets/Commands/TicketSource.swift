import FlotillaCommandLineKit
import FlotillaTicketDocuments
import Foundation

/// What a person gives to have a ticket checked: a token, a picture of a code, or a ticket's file.
struct TicketSource {
    private let word: String

    init(_ word: String) { self.word = word }

    /// The text of the one code there is.
    func token() throws -> String {
        guard FileManager.default.fileExists(atPath: word) else {
            guard !word.contains(".") && !word.contains("/") else { throw CommandError("there is no file \(word)") }
            return word
        }
        guard let bytes = FileManager.default.contents(atPath: word) else { throw CommandError("cannot read \(word)") }
        let png = bytes.starts(with: Array("%PDF".utf8)) ? try page() : Array(bytes)
        let codes: [String]
        do throws(TicketDocumentError) {
            codes = try CodeReader.codes(inPNG: png)
        } catch {
            throw CommandError("\(word): \(error)", remedy: "give a PNG picture, a PDF file or the token itself")
        }
        guard let code = codes.first else { throw CommandError("there is no readable QR code on \(word)") }
        guard codes.count == 1 else { throw CommandError("there are \(codes.count) QR codes on \(word), not one") }
        return code
    }

    /// The file's first page as a PNG picture.
    private func page() throws -> [UInt8] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "flotilla-ticket.\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let page = folder.appending(path: "page")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["pdftoppm", "-r", "144", "-png", "-l", "1", "-singlefile", "--", word, page.path]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus != 127 else {
            throw CommandError("pdftoppm, which reads PDF files, is missing", remedy: "install poppler-utils")
        }
        guard let png = FileManager.default.contents(atPath: page.path + ".png") else {
            throw CommandError("\(word) can't be read as PDF")
        }
        return Array(png)
    }
}
