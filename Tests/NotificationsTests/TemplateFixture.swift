import FlotillaModels
@testable import FlotillaNotifications
import Foundation
import Testing

/// A folder of templates made for a test, thrown away after it.
struct TemplateFixture: ~Copyable {
    static let manifest = #"{"category": "transactional", "channels": ["email"]"#
    static let headers = "Subject: S\nShort: T\nPreview: P\nReason: R\n\n"

    let folder: URL

    /// - Parameter files: By their path in the folder; what a template needs and is not named is made up.
    init(_ files: [String: String]) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "templates-\(UUID().uuidString)")
        var all = ["layout.html": "{{>content}}\n", "layout.txt": "{{>content}}\n"]
        all.merge(files) { _, file in file }
        for (path, text) in all { try write(Array(text.utf8), to: path) }
    }

    /// One template called `t` with these texts and variables.
    init(
        html: String = "",
        text: String = "",
        required: [String] = [],
        optional: [String] = [],
        more: [String: String] = [:]
    ) throws {
        let lists = try [("required", required), ("optional", optional)].map { name, words in
            "\"\(name)\": " + String(decoding: try JSONEncoder().encode(words), as: UTF8.self)
        }
        var files = [
            "t/template.json": Self.manifest + ", " + lists.joined(separator: ", ") + "}",
            "t/en.html": html,
            "t/en.txt": Self.headers + text,
        ]
        files.merge(more) { _, file in file }
        try self.init(files)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(_ bytes: [UInt8], to path: String) throws {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    func library() throws(TemplateMistakes) -> TemplateLibrary { try TemplateLibrary(folder: folder.path) }

    /// The mistakes, `file:line: problem`; none when the folder is fine.
    func mistakes() -> [String] {
        do throws(TemplateMistakes) {
            _ = try library()
            return []
        } catch { return error.mistakes.map(\.description) }
    }

    func render(
        _ values: String,
        language: String = "en",
        timeZone: String? = nil
    ) throws -> RenderedNotification {
        let library = try library()
        return try library.render("t", language: language, values: Self.values(values), timeZone: timeZone)
    }

    /// The error of a rendering that has to fail.
    func failure(_ values: String) throws -> TemplateError {
        let library = try library()
        let error = #expect(throws: TemplateError.self) {
            try library.render("t", language: "en", values: Self.values(values), timeZone: nil)
        }
        return try #require(error)
    }

    static func values(_ json: String) throws -> JSONValue { try JSONValue(Array(json.utf8)) }
}
