import Testing

@testable import FlotillaIdentity

struct Base64URLTests {
    @Test func `bytes have one spelling`() {
        #expect(Base64URL.decode("".utf8) == [])
        #expect(Base64URL.decode("-_8".utf8) == [0xfb, 0xff])
        #expect(Base64URL.decode("AQ".utf8) == [1])
        #expect(Base64URL.decode("AQID".utf8) == [1, 2, 3])
    }

    @Test(arguments: ["AQ==", "AR", "A", "AQIDA", "+/8", "AQ ID", "AQ\n", "AQI=", "AQé"])
    func `every other spelling is refused`(text: String) {
        #expect(Base64URL.decode(text.utf8) == nil)
    }
}
