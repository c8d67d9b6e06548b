import FlotillaOutbound
import Foundation
import Testing

@Suite(.enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/python3")))
struct MIMETests {
    private static let subjects = [
        "", "Hello", "Réinitialisation du mot de passe",
        "🎟️ Votre billet : très longue ligne " + String(repeating: "é", count: 200),
        "إعادة تعيين كلمة المرور", "איפוס סיסמה", "予約が確定しました" + String(repeating: "会", count: 120),
        "=?UTF-8?Q?not_a_word?=",
        " blank at both ends ", "two  blanks", "Ends with =?", String(repeating: "long ascii ", count: 40) + ".",
        "a,b;c:d@e<f>\"g\"\\(h)",
    ]

    @Test(arguments: subjects)
    func `a subject reads as it was written`(subject: String) async throws {
        let read = try await ReadMail.parse(try Self.mail(subject: subject).mime())
        #expect(read.subject == subject)
        Self.expectSound(read)
    }

    @Test(
        arguments: [
            "Zoé Müller", "Renée \"Rê\" O'Neil, Ph.D.", "山田太郎", "محمد عبد الله", "👩‍👩‍👧‍👦 Family",
            String(repeating: "Ñandú ", count: 83) + "Ñu", String(repeating: "😀", count: 500), "plain.dots (comment)",
            "back\\slash", "=?x?=", String(repeating: "word ", count: 99) + "word.",
        ]
    )
    func `a display name reads as it was written`(name: String) async throws {
        var mail = Self.mail()
        mail.from.name = name
        mail.to.name = name
        mail.replyTo = .init(name: name, address: "reply@example.org")
        let read = try await ReadMail.parse(try mail.mime())
        #expect(read.from == [.init(name: name, address: "no-reply@example.org")])
        #expect(read.to == [.init(name: name, address: "guest@example.com")])
        #expect(read.replyTo == [.init(name: name, address: "reply@example.org")])
        Self.expectSound(read)
    }

    @Test(
        arguments: [
            "", "one line", "one line\n", ".\n.\n..\n.hidden\n", "a\r\nb\rc\nd", "trailing blank \ntrailing tab\t\n",
            "=3D is no escape\n", String(repeating: "x", count: 5_000), String(repeating: "é", count: 3_000),
            "مرحبا بك في التطبيق 🎉\n", "From the start\n", String(repeating: "0123456789.", count: 300),
            "--=_boundary\n\n\n",
            "\n\n\n", String(repeating: "y", count: 75) + ".z", String(repeating: "y", count: 76) + "\n",
            String(repeating: "y", count: 75) + "é\n",
        ]
    )
    func `bodies read as they were written, in lines that any server takes`(body: String) async throws {
        let mail = Self.mail(text: body, html: "<p>\(body)</p>\n")
        let read = try await ReadMail.parse(try mail.mime())
        let lines = body.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        #expect(read.text.map(Self.ended) == Self.ended(lines))
        #expect(read.html.map(Self.ended) == "<p>\(lines)</p>\n")
        #expect(read.structure == ["multipart/alternative", "text/plain", "text/html"])
        Self.expectSound(read)
    }

    @Test func `attachments keep their bytes, types and names`() async throws {
        let names = [
            "ticket.pdf", "billet très spécial – été 2026.pdf",
            "с длинным именем " + String(repeating: "ж", count: 90) + ".png",
            "quote\"back\\slash;semi.txt", "100%.txt", String(repeating: "a", count: 200) + ".bin",
        ]
        var mail = Self.mail(html: "<p>hi</p>")
        mail.attachments = names.enumerated().map { index, name in
            let content = (0..<(index * 1_000 + 57)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ index) }
            return .init(fileName: name, contentType: index == 2 ? "image/png" : "application/pdf", content: content)
        }
        mail.attachments.append(.init(fileName: "empty", contentType: "application/octet-stream", content: []))
        let read = try await ReadMail.parse(try mail.mime())
        #expect(read.attachments.map(\.fileName) == names + ["empty"])
        #expect(read.attachments.map(\.contentType) == mail.attachments.map(\.contentType))
        let hex = mail.attachments.map { $0.content.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
        #expect(read.attachments.map(\.hex) == hex)
        #expect(read.structure.prefix(2) == ["multipart/mixed", "multipart/alternative"])
        Self.expectSound(read)
    }

    @Test func `the head says when, by whom, that a machine wrote it, and how to unsubscribe`() async throws {
        var mail = Self.mail(subject: "News")
        mail.unsubscribeURL = "https://example.org/unsubscribe/" + String(repeating: "a1b2", count: 60) + "?x=1"
        mail.to = .init(name: "Zoé", address: "zoe@bücher.example")
        let read = try await ReadMail.parse(try mail.mime())
        #expect(read.date == 1_700_000_000)
        #expect(read.messageID == "<0190-abc@example.org>")
        #expect(read.headers["auto-submitted"] == "auto-generated")
        #expect(read.headers["list-unsubscribe"] == "<\(mail.unsubscribeURL ?? "")>")
        #expect(read.headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click")
        #expect(read.to == [.init(name: "Zoé", address: "zoe@xn--bcher-kva.example")])
        #expect(read.structure == ["text/plain"])
        let (first, second) = (try mail.mime(), try mail.mime())
        #expect(first == second)
    }

    private static func mail(subject: String = "Hello", text: String = "hi\n", html: String? = nil) -> MailMessage {
        MailMessage(
            id: "0190-abc",
            from: .init(name: "Flotilla", address: "no-reply@example.org"),
            to: .init(address: "guest@example.com"),
            subject: subject,
            text: text,
            html: html,
            date: 1_700_000_000_000_000
        )
    }

    /// A body is a number of lines: whether the last of them has an end is not kept.
    private static func ended(_ text: String) -> String {
        text.isEmpty || text.utf8.last == UInt8(ascii: "\n") ? text : text + "\n"
    }

    private static func expectSound(_ read: ReadMail) {
        #expect(read.defects.isEmpty)
        #expect(read.isASCII)
        #expect(read.bareLineEnds == 0)
        #expect(read.longestLine <= 78)
        #expect(read.longestWord <= 75)
    }
}
