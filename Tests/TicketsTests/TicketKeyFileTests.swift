import FlotillaModels
import FlotillaPlatform
@testable import FlotillaTickets
import Testing

struct TicketKeyFileTests {
    private static func key(_ id: String, _ bytes: [UInt8]?, retiredAt: Int64? = nil) throws -> TicketKey {
        TicketKey(
            id: try #require(TicketKeyID(id)),
            algorithm: bytes == nil ? .hmac : .ed25519,
            publicKey: bytes,
            createdAt: 0,
            supersededAt: nil,
            retiredAt: retiredAt
        )
    }

    @Test func `exported keys check tickets where there is no database, and know when they were retired`() throws {
        let signing = SigningKey.generate()
        let end: Int64 = 1_800_000_000_000_000
        let exported = TicketKeyFile([
            try Self.key("a1b2c3d4", signing.publicKey.bytes, retiredAt: end), try Self.key("01020304", nil),
        ])
        #expect(!exported.text.contains("01020304"))
        let read = try TicketKeyFile(text: Array(exported.text.utf8))
        #expect(read.text == exported.text)
        let token = try #require(TicketToken(eventID: "456", ticketID: "789", issuedAt: 1))
        let text = TicketSigner(key: try #require(TicketKeyID("a1b2c3d4")), .ed25519(signing)).seal(token)
        for verifier in [exported.verifier, read.verifier] {
            let opened = try verifier.open(text, at: end - 1)
            #expect(opened == token)
            #expect(throws: TicketTokenError.self) { try verifier.open(text, at: end) }
        }
    }

    @Test(arguments: [
        "", "{}", #"{"keys":7}"#, #"{"keys":[{}]}"#,
        #"{"keys":[{"id":"a1b2c3d4","algorithm":"hmac-sha256","publicKey":"AAAA"}]}"#,
        #"{"keys":[{"id":"a1b2c3d4","algorithm":"ed25519","publicKey":"AAAA"}]}"#,
    ])
    func `what is no file of keys is refused`(_ text: String) {
        #expect(throws: InvalidPayload.self) { try TicketKeyFile(text: Array(text.utf8)) }
    }

    @Test func `addresses have the seed's shape, and no id escapes its folder`() {
        #expect(TicketAddress.path(of: "789", issuedAt: 1_769_742_000) == "2026/01/30/789.pdf")
        for id in ["../../etc/passwd", "a/b", "a.b", "é", "a b"] {
            let name = TicketAddress.fileName(of: id)
            #expect(name.wholeMatch(of: /x\.[0-9a-f]{32}\.pdf/) != nil, "\(name)")
            // Nor does one take the place of another.
            #expect(TicketAddress.fileName(of: String(name.dropLast(4))) != name)
            #expect(TicketAddress.fileName(of: String(name.dropLast(4)).replacing(".", with: "")) != name)
        }
        func url(_ base: String, isProven: Bool = false) -> String {
            TicketAddress(base: base, isProven: isProven).url(of: "789", path: "2026/01/30/789.pdf", token: "T")
        }
        #expect(url("https://cdn.eventplanner.com/tickets") == "https://cdn.eventplanner.com/tickets/789.pdf")
        #expect(url("https://cdn.example/{path}") == "https://cdn.example/2026/01/30/789.pdf")
        #expect(url("https://cdn.example/t/{id}?x=1") == "https://cdn.example/t/789?x=1")
        #expect(
            url("http://a/tickets", isProven: true) == "http://a/tickets/789.pdf?proof=\(TicketAddress.proof(of: "T"))"
        )
    }
}
