import FlotillaPlatform
import Testing

struct SHA256Tests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `the digests are those of FIPS 180-4`(text: String, digest: String) {
        #expect(SHA256.digest(text).hexadecimal == digest)
        #expect(SHA256.digest(Array(text.utf8)).hexadecimal == digest)
    }

    @Test func `pieces give the digest of the whole, and a hasher starts anew after each digest`() {
        var hasher = SHA256Hasher()
        hasher.update("a")
        hasher.update(Array("bc".utf8))
        #expect(hasher.finish() == SHA256.digest("abc"))
        #expect(hasher.finish() == SHA256.digest(""))
    }
}

struct ConstantTimeTests {
    @Test func `only the same bytes are equal`() {
        #expect(ConstantTime.areEqual([1, 2, 3], [1, 2, 3]))
        #expect(ConstantTime.areEqual([], []))
        #expect(!ConstantTime.areEqual([1, 2, 3], [1, 2, 4]))
        #expect(!ConstantTime.areEqual([1, 2, 3], [1, 2]))
    }
}

struct RandomBytesTests {
    @Test func `random bytes come in the number asked for, and never twice the same`() {
        #expect(RandomBytes.make(32).count == 32)
        #expect(RandomBytes.make(32) != RandomBytes.make(32))
        #expect(RandomBytes.make(0).isEmpty)
    }
}
