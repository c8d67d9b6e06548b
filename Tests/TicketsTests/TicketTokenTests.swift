import FlotillaPlatform
@testable import FlotillaTickets
import Testing

struct TicketTokenTests {
    private static let now: Int64 = 1_782_000_000_000_000
    private static let signing = SigningKey.generate()
    private static let edKey = id("a1b2c3d4")
    private static let hmacKey = id("01020304")
    private static func id(_ text: String) -> TicketKeyID {
        guard let id = TicketKeyID(text) else { preconditionFailure("\(text) is no key id") }
        return id
    }

    private static let secret = RandomBytes.make(32)
    private static let signers = [
        TicketSigner(key: edKey, .ed25519(signing)), TicketSigner(key: hmacKey, .hmac(secret)),
    ]
    private static let verifier = TicketVerifier([
        .init(id: edKey, .ed25519(signing.publicKey)), .init(id: hmacKey, .hmac(secret)),
    ])

    private static func token(
        event: String = "456",
        ticket: String = "789",
        expires: UInt32? = nil
    ) throws -> TicketToken {
        try #require(TicketToken(eventID: event, ticketID: ticket, issuedAt: 1_769_742_000, expiresAt: expires))
    }

    private static func refusal(_ text: String, at now: Int64 = now, by verifier: TicketVerifier = verifier)
        -> TicketTokenError.Code?
    {
        do throws(TicketTokenError) {
            _ = try verifier.open(text, at: now)
            return nil
        } catch { return error.code }
    }

    @Test(arguments: 0..<2)
    func `a token opens to what was sealed, whatever its ids`(_ place: Int) throws {
        let long = String(repeating: "é", count: 32)
        let uuid = "01890a5d-ac96-774b-bcce-b302099a8057"
        for (event, ticket) in [("456", "789"), (uuid, uuid), ("événement", "票"), (long, long), ("0", "00")] {
            for expires in [nil, UInt32.max] {
                let token = try Self.token(event: event, ticket: ticket, expires: expires)
                let text = Self.signers[place].seal(token)
                #expect(text == Self.signers[place].seal(token))
                #expect(text.utf8.count <= TicketToken.longestText)
                let opened = try Self.verifier.open(text, at: Self.now)
                #expect(opened == token)
            }
        }
    }

    @Test(arguments: 0..<2)
    func `a token with any bit of its text flipped is refused`(_ place: Int) throws {
        let text = Array(Self.signers[place].seal(try Self.token(expires: UInt32.max)).utf8)
        for index in text.indices {
            for bit in 0..<8 {
                var changed = text
                changed[index] ^= 1 << UInt8(bit)
                #expect(Self.refusal(String(decoding: changed, as: UTF8.self)) != nil, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test(arguments: 0..<2)
    func `a token with any byte of its content changed is refused`(_ place: Int) throws {
        let bytes = try #require(Base32.decode(Self.signers[place].seal(try Self.token()).utf8))
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                #expect(Self.refusal(Base32.encode(changed)) != nil, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test func `a token has one spelling`() throws {
        let text = Self.signers[0].seal(try Self.token())
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        var others = [
            text + "=", text + "A", text + "AAAAAAAA", " " + text, text + "\n", text.lowercased(), "", "A",
            String(text.dropLast()), String(text.dropFirst()), text + text, text + "\u{0}",
        ]
        // The bits after the last byte stand for nothing: other values of them would be other spellings.
        others += digits.map { String(text.dropLast()) + String($0) }.filter { $0 != text }
        for other in others { #expect(Self.refusal(other) != nil, "\(other)") }
        #expect(Self.refusal(String(repeating: "A", count: 1_000_000)) == .malformed)
    }

    @Test func `base32 reads what it writes, and nothing else`() {
        #expect(Base32.encode(Array("foobar".utf8)) == "MZXW6YTBOI")
        #expect(Base32.encode([]) == "")
        for length in 0..<40 {
            let bytes = RandomBytes.make(length)
            let text = Base32.encode(bytes)
            #expect(Base32.decode(text.utf8) == bytes)
        }
        for text in ["A", "AAA", "AAAAAA", "AB", "MZXW6YTBOJ", "MZXW6YTBO1", "mzxw6ytboi", "MZXW6YTBOI======"] {
            #expect(Base32.decode(text.utf8) == nil, "\(text)")
        }
    }

    @Test func `each refusal has its own code`() throws {
        let token = try Self.token(expires: 1_800_000_000)
        let text = Self.signers[0].seal(token)
        #expect(Self.refusal(text, at: 1_799_999_999_999_999) == nil)
        #expect(Self.refusal(text, at: 1_800_000_000_000_000) == .expired)
        #expect(Self.refusal(text, by: TicketVerifier([])) == .unknownKey)
        #expect(Self.refusal("hello") == .malformed)
        let otherSigner = TicketSigner(key: Self.edKey, .ed25519(.generate()))
        #expect(Self.refusal(otherSigner.seal(token)) == .forged)
        let retired = TicketVerifier([
            .init(id: Self.edKey, .ed25519(Self.signing.publicKey), retiredAt: Self.now)
        ])
        #expect(Self.refusal(text, at: Self.now - 1, by: retired) == nil)
        #expect(Self.refusal(text, at: Self.now, by: retired) == .retiredKey)
    }

    @Test func `a token can't choose how it is checked`() throws {
        // Whoever knows a public key only can make a digest with it: that must not pass for a signature.
        let publicBytes = Self.signing.publicKey.bytes
        let forged = TicketSigner(key: Self.edKey, .hmac(publicBytes)).seal(try Self.token())
        #expect(Self.refusal(forged) == .forged)
        let crossed = TicketSigner(key: Self.hmacKey, .ed25519(Self.signing)).seal(try Self.token())
        #expect(Self.refusal(crossed) == .forged)
    }

    @Test func `ids that no token could hold are refused before they are signed`() {
        for id in ["", String(repeating: "1", count: 65), "a\u{0}b"] {
            #expect(TicketToken(eventID: id, ticketID: "1", issuedAt: 1) == nil)
            #expect(TicketToken(eventID: "1", ticketID: id, issuedAt: 1) == nil)
        }
        #expect(TicketToken(eventID: "1", ticketID: "1", issuedAt: 1, expiresAt: 0) == nil)
    }

    @Test func `key ids are eight lower-case hexadecimal digits`() {
        #expect(TicketKeyID("a1b2c3d4") == Self.edKey)
        #expect(Self.edKey.description == "a1b2c3d4")
        for text in ["", "a1b2c3", "A1B2C3D4", "a1b2c3d4e5", "zzzzzzzz", "a1b2c3dé"] {
            #expect(TicketKeyID(text) == nil, "\(text)")
        }
    }
}
