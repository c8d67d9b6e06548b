@testable import FlotillaTicketDocuments
import Foundation
import Testing

struct TicketPDFRendererTests {
    static func content(
        _ template: TicketTemplate = .standard,
        guest: String = "Jane Doe",
        language: TicketLanguage = .english
    ) -> TicketContent {
        TicketContent(
            template: template,
            language: language,
            eventTitle: "Tech Conference 2026",
            date: "Monday 15 June 2026",
            time: "11:00 (Paris)",
            place: "Palais des Congrès, 2 place de la Porte Maillot, Paris",
            organizer: "Event Planner",
            guestName: guest,
            type: "Standard",
            code: "TKT-001",
            token: "CFRWK4TBPFWGC2LOEB3G64TMMQQGC3TEEBWW64TFEB2GK6DUEBUGK4TF",
            issuedAt: 1_769_742_000
        )
    }

    @Test(arguments: TicketTemplate.allCases)
    func `the same ticket is the same file, whatever was printed before`(_ template: TicketTemplate) throws {
        let pdfRenderer = TicketPDFRenderer()
        let first = try pdfRenderer.pdf(of: Self.content(template))
        _ = try pdfRenderer.pdf(of: Self.content(.vip, guest: "محمد", language: .french))
        let again = try pdfRenderer.pdf(of: Self.content(template))
        #expect(first == again)
        #expect(first.starts(with: Array("%PDF-1.".utf8)))
        let fresh = try TicketPDFRenderer().pdf(of: Self.content(template))
        #expect(first == fresh)
    }

    @Test func `a file says its title, language and maker`() throws {
        let file = try TicketPDFRenderer().pdf(of: Self.content(guest: "A <b> & “c”", language: .french))
        let text = String(decoding: file, as: UTF8.self)
        #expect(text.contains("/Lang (fr)"))
        #expect(text.contains("A &lt;b&gt; &amp; “c”"))
        #expect(text.contains("<dc:language><rdf:Bag><rdf:li>fr</rdf:li>"))
        #expect(text.contains("/DisplayDocTitle true"))
    }

    @Test func `characters that no font has are named, on each ticket that has them`() throws {
        let unknown: Character = "\u{10FFFD}"
        let pdfRenderer = TicketPDFRenderer()
        var content = Self.content(guest: "Zoë \(unknown)\(unknown)")
        content.eventTitle = "Tech \u{0378} 2026"
        for _ in 1...2 {
            _ = try pdfRenderer.pdf(of: content)
            #expect(pdfRenderer.missingCharacters == ["\u{0378}", unknown])
        }
        _ = try pdfRenderer.pdf(of: Self.content(guest: "محمد 李小龍"))
        #expect(pdfRenderer.missingCharacters == [])
    }

    @Test func `emoji are drawn`() throws {
        let pdfRenderer = TicketPDFRenderer()
        let plain = try pdfRenderer.pdf(of: Self.content(guest: "Zoë"))
        let file = try pdfRenderer.pdf(of: Self.content(guest: "Zoë 🎉👩‍💻"))
        #expect(pdfRenderer.missingCharacters == [])
        func pictures(_ file: [UInt8]) -> Int {
            String(decoding: file, as: UTF8.self).components(separatedBy: "/Subtype /Image").count
        }
        #expect(pictures(file) > pictures(plain))
    }

    @Test(arguments: [0x1, 0x9f, 0x2028, 0xfdd0, 0xfdef, 0xfffe, 0xffff, 0x1fffe, 0x10ffff] as [UInt32])
    func `what is no text is a space, wherever it stands`(_ number: UInt32) throws {
        let sign = String(try #require(Unicode.Scalar(number)))
        func file(_ sign: String) throws -> [UInt8] {
            var content = Self.content(guest: "Jane\(sign)Doe")
            content.eventTitle = "Tech\(sign)Conference"
            content.organizer = "Event\(sign)Planner"
            content.code = "TKT\(sign)1"
            return try TicketPDFRenderer().pdf(of: content)
        }
        let expected = try file(" ")
        #expect(try file(sign) == expected)
    }

    @Test func `a text that can't be drawn is that ticket's own fault`() {
        #expect(!TicketDocumentError(code: .text, detail: "").isRetriable)
        #expect(TicketDocumentError(code: .drawing, detail: "").isRetriable)
    }

    @Test func `a text too long for a code is refused`() {
        var content = Self.content()
        content.token = String(repeating: "A", count: 5_000)
        let error = #expect(throws: TicketDocumentError.self) { try TicketPDFRenderer().pdf(of: content) }
        #expect(error?.code == .code)
        #expect(error?.isRetriable == false)
    }

    @Test func `a logo is a PNG picture of a bearable size`() throws {
        #expect(throws: TicketDocumentError.self) { try Logo(png: Array("GIF89a".utf8)) }
        #expect(throws: TicketDocumentError.self) { try Logo(png: Array(repeating: 0, count: Logo.largest + 1)) }
        var bomb = Self.dot
        bomb.replaceSubrange(16..<20, with: [0, 1, 0, 0])
        #expect(throws: TicketDocumentError.self) { try Logo(png: bomb) }
        var content = Self.content()
        content.logo = try Logo(png: Array(Self.dot.prefix(40)))
        let error = #expect(throws: TicketDocumentError.self) { try TicketPDFRenderer().pdf(of: content) }
        #expect(error?.code == .picture)
        content.logo = try Logo(png: Self.dot)
        #expect(throws: Never.self) { try TicketPDFRenderer().pdf(of: content) }
    }

    /// One red pixel.
    private static let dot = Array(
        Data(
            base64Encoded:
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
        ) ?? Data()
    )

    @Test func `colours are six hexadecimal digits, and what stands on them can be read`() {
        #expect(Color(text: "#3a3fA0") == Color(0x3a3fa0))
        for text in ["", "3a3fa0", "#3a3fa", "#3a3fa00", "#3a3fag", "red", "#+a3fa0"] {
            #expect(Color(text: text) == nil, "\(text)")
        }
        #expect(Color(0x000000).readable == .white)
        #expect(Color(0xffe066).readable == .ink)
    }

    @Test(arguments: TicketTemplate.allCases)
    func `the code on a page reads back`(_ template: TicketTemplate) throws {
        let content = Self.content(template)
        let folder = FileManager.default.temporaryDirectory.appending(path: "page.\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "ticket.pdf")
        try Data(try TicketPDFRenderer().pdf(of: content)).write(to: file)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/pdftoppm")
        process.arguments = ["-r", "72", "-png", "-singlefile", file.path, folder.appending(path: "page").path]
        try process.run()
        process.waitUntilExit()
        let png = Array(try Data(contentsOf: folder.appending(path: "page.png")))
        #expect(try CodeReader.codes(inPNG: png) == [content.token])
        #expect(try CodeReader.codes(inPNG: Self.dot) == [])
        #expect(throws: TicketDocumentError.self) { try CodeReader.codes(inPNG: Array("%PDF".utf8)) }
    }

    @Test func `many printers work side by side`() async throws {
        let expected = try TicketPDFRenderer().pdf(of: Self.content(guest: "李小龍"))
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let pdfRenderer = TicketPDFRenderer()
                    var file: [UInt8] = []
                    for _ in 0..<5 { file = try pdfRenderer.pdf(of: Self.content(guest: "李小龍")) }
                    return file
                }
            }
            for try await file in group { #expect(file == expected) }
        }
    }
}
