import FlotillaOutbound
import Testing

struct MailCheckTests {
    @Test(
        arguments: [
            "", "a", "@", "a@", "@b.c", "a@b@c", "a b@c.d", "a\r\nRCPT TO:<x@y.z>@b.c", "a@b.c\n", "a@b.c\r", "a\0@b.c",
            "a@b.c\0", "a\u{7f}@b.c", "a\u{85}@b.c", "a\u{2028}@b.c", "<a@b.c>", "a@b.c>", "\"a b\"@c.d", "\"a\"@b.c",
            "a..b@c.d", ".a@b.c", "a.@b.c", "a@b..c", "a@.b", "a@b.", "a@-b.c", "a@b-.c", "a@b_c.d", "a@[127.0.0.1]",
            "a,b@c.d",
            "a;b@c.d", "a(b)@c.d", "a\\@b.c", "a@b c.d", "zoé@example.org", "a@exa\u{0}mple.org", "a@\u{FF20}.org",
            String(repeating: "a", count: 65) + "@b.c", "a@" + String(repeating: "b", count: 64) + ".c",
            "a@" + Array(repeating: "bbbbbbbb", count: 29).joined(separator: "."), "a@b.c SIZE=1", "a@b.c\tx",
        ]
    )
    func `what is no plain mail address is refused, naming the field`(text: String) {
        let error = #expect(throws: FieldError.self) { try MailAddress(text, field: "to") }
        #expect(error?.field == "to")
    }

    @Test(
        arguments: [
            ("a@b.c", "a@b.c"), ("first.last+tag@example.org", "first.last+tag@example.org"),
            ("o'neil@example.org", "o'neil@example.org"),
            ("root@localhost", "root@localhost"), ("x@bücher.example", "x@xn--bcher-kva.example"),
            ("x@BÜCHER.example", "x@xn--bcher-kva.example"), ("x@例え.jp", "x@xn--r8jz45g.jp"),
            (String(repeating: "a", count: 64) + "@b.c", String(repeating: "a", count: 64) + "@b.c"),
        ]
    )
    func `a mail address goes out in ASCII`(text: String, ascii: String) throws {
        #expect(try MailAddress(text, field: "to").ascii == ascii)
    }

    @Test func `every text that goes into the head is checked, and named`() {
        let breaks = ["\r\nBcc: x@y.z", "\nx", "\rx", "\0", "\u{1b}[0m", "\u{85}", "\u{2029}", "\t"]
        for bad in breaks {
            expect("from.name") { $0.from.name = bad }
            expect("to.name") { $0.to.name = "a" + bad }
            expect("replyTo.name") { $0.replyTo = .init(name: bad, address: "a@b.c") }
            expect("subject") { $0.subject = "Hello" + bad }
            expect("attachments.0.fileName") { $0.attachments[0].fileName = "a" + bad }
            expect("attachments.0.contentType") { $0.attachments[0].contentType = "a/b" + bad }
            expect("unsubscribeURL") { $0.unsubscribeURL = "https://x.example/" + bad }
            expect("to") { $0.to.address += bad }
            expect("from") { $0.from.address = bad + $0.from.address }
            expect("replyTo") { $0.replyTo = .init(address: "a@b.c" + bad) }
        }
    }

    @Test func `what is too long is refused`() {
        expect("subject") { $0.subject = String(repeating: "s", count: 65_536) }
        expect("subject") { $0.subject = String(repeating: "é", count: 500) }
        expect("to.name") { $0.to.name = String(repeating: "n", count: 5_000) }
        expect("attachments.0.fileName") { $0.attachments[0].fileName = String(repeating: "f", count: 256) }
        expect("unsubscribeURL") { $0.unsubscribeURL = "https://" + String(repeating: "u", count: 1_000) }
        expect("attachments.0.fileName") { $0.attachments[0].fileName = "" }
        expect("attachments.0.contentType") { $0.attachments[0].contentType = "message/rfc822" }
        expect(nil) { $0.subject = String(repeating: "s", count: 998) }
    }

    /// - Parameter field: the one that is named, or `nil` when the mail is fine.
    private func expect(_ field: String?, _ change: (inout MailMessage) -> Void) {
        var mail = MailMessage(
            id: "1",
            from: .init(address: "a@b.c"),
            to: .init(address: "d@e.f"),
            subject: "s",
            text: "t",
            date: 0,
            attachments: [.init(fileName: "f", contentType: "a/b", content: [])]
        )
        change(&mail)
        do throws(FieldError) {
            _ = try mail.mime()
            #expect(field == nil)
        } catch {
            #expect(error.field == field)
        }
    }
}
