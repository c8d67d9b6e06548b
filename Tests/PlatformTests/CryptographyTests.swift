import FlotillaPlatform
import Testing

struct CryptographyTests {
    let key = [UInt8](0..<32)

    @Test(arguments: [0, 1, 15, 16, 1_000]) func `what was sealed opens again, and only for its context`(length: Int) {
        let cipher = AESGCM(key: key)
        let text = (0..<length).map { UInt8($0 & 255) }
        let sealed = cipher.seal(text, context: [1, 2])
        #expect(sealed.count == length + AESGCM.overhead)
        #expect(cipher.open(sealed, context: [1, 2]) == text)
        #expect(cipher.open(sealed, context: [1, 3]) == nil)
        #expect(cipher.open(sealed, context: []) == nil)
        #expect(AESGCM(key: [UInt8](1..<33)).open(sealed, context: [1, 2]) == nil)
        #expect(cipher.seal(text, context: [1, 2]) != sealed)
    }

    @Test func `texts that one sealer sealed for several keys open with their own, and share no nonce`() {
        let sealer = AESGCMSealer()
        let ciphers = [AESGCM(key: key), AESGCM(key: [UInt8](1..<33))]
        // More than one supply of randomness.
        let texts = (0..<200).map { [UInt8](repeating: UInt8($0), count: $0) }
        let sealed = texts.enumerated().map { ciphers[$0 % 2].seal($1, context: [UInt8($0)], by: sealer) }
        for (number, text) in texts.enumerated() {
            #expect(ciphers[number % 2].open(sealed[number], context: [UInt8(number)]) == text)
            #expect(ciphers[1 - number % 2].open(sealed[number], context: [UInt8(number)]) == nil)
        }
        #expect(Set(sealed.map { Array($0.prefix(12)) }).count == texts.count)
    }

    @Test func `a change of any byte is noticed`() {
        let cipher = AESGCM(key: key)
        let sealed = cipher.seal([1, 2, 3], context: [])
        for place in sealed.indices {
            var changed = sealed
            changed[place] ^= 1
            #expect(cipher.open(changed, context: []) == nil)
        }
        #expect(cipher.open([], context: []) == nil)
    }

    /// RFC 8032, section 7.1, test 1, and RFC 4231, test case 2.
    @Test func `signatures and keyed digests are those of the standards`() throws {
        let seed = try #require(bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
        let key = try #require(SigningKey(seed: seed))
        let publicKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        #expect(key.publicKey.bytes.hexadecimal == publicKey)
        #expect(
            key.signature(of: []).hexadecimal
                == "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
                + "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        )
        let digest = KeyedDigest(key: Array("Jefe".utf8)).digest("what do ya want for nothing?")
        #expect(digest.hexadecimal == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test func `a signature holds for its message and its key`() throws {
        let key = SigningKey.generate()
        let signature = key.signature(of: [1, 2, 3])
        #expect(key.publicKey.isValid(signature, of: [1, 2, 3]))
        #expect(!key.publicKey.isValid(signature, of: [1, 2]))
        #expect(!SigningKey.generate().publicKey.isValid(signature, of: [1, 2, 3]))
        #expect(!key.publicKey.isValid([], of: [1, 2, 3]))
        #expect(SigningKey(seed: [1]) == nil && VerificationKey(bytes: [1]) == nil)
    }

    private func bytes(_ text: String) -> [UInt8]? {
        stride(from: 0, to: text.count, by: 2).reduce(into: [UInt8]?.some([])) { bytes, place in
            let start = text.index(text.startIndex, offsetBy: place)
            let byte = UInt8(text[start..<text.index(start, offsetBy: 2)], radix: 16)
            if let byte { bytes?.append(byte) } else { bytes = nil }
        }
    }
}
