import FlotillaOutbound
import Testing

struct EndpointURLTests {
    @Test(
        arguments: [
            ("https://example.com/hooks", "example.com:443", "https://example.com/hooks"),
            ("HTTPS://Example.COM", "example.com:443", "https://example.com/"),
            ("http://example.com:80/", "example.com:80", "http://example.com/"),
            ("https://example.com:8443/a?b=c", "example.com:8443", "https://example.com:8443/a?b=c"),
            ("https://example.com?x=1", "example.com:443", "https://example.com/?x=1"),
            ("http://10.0.0.7:9000", "10.0.0.7:9000", "http://10.0.0.7:9000/"),
            ("https://[2001:DB8::0001]:1/x", "[2001:db8::1]:1", "https://[2001:db8::1]:1/x"),
            (
                "https://xn--bcher-kva.example/%C3%A9", "xn--bcher-kva.example:443",
                "https://xn--bcher-kva.example/%C3%A9"
            ),
            ("http://core_1:3001/api", "core_1:3001", "http://core_1:3001/api"),
        ]
    )
    func `a usual URL is taken and written one way`(text: String, authority: String, written: String) throws {
        let url = try EndpointURL(text)
        #expect(url.authority == authority)
        #expect(url.text == written)
    }

    @Test(
        arguments: [
            ("", "is no URL"), ("example.com", "is no URL"), ("ftp://example.com/", "neither"),
            ("file:///etc/passwd", "neither"), ("gopher://example.com/", "neither"),
            ("https:/example.com", "is no URL"),
            ("https://", "no host"), ("https:///path", "no host"), ("https://user@example.com/", "secrets"),
            ("https://a:b@example.com/", "secrets"), ("https://example.com@127.0.0.1/", "secrets"),
            ("https://example.com/#part", "fragment"), ("https://exa mple.com/", "character"),
            ("https://example.com/\r\nX: y", "character"), ("https://example.com/\u{0}", "character"),
            ("https://bücher.example/", "character"), ("https://127。0。0。1/", "character"),
            ("https://１２７.0.0.1/", "character"), ("https://example.com\\@127.0.0.1/", "character"),
            ("https://127%2e0%2e0%2e1/", "no name"), ("https://example.com:/", "port"),
            ("https://example.com:0/", "port"), ("https://example.com:65536/", "port"),
            ("https://example.com:+80/", "port"), ("https://example.com:8 0/", "character"),
            ("http://2130706433/", "unusual spelling"), ("http://0x7f.1/", "unusual spelling"),
            ("http://127.1/", "unusual spelling"), ("http://0177.0.0.1/", "unusual spelling"),
            ("http://0x7f000001/", "unusual spelling"), ("http://127.0.0.1.5/", "unusual spelling"),
            ("http://256.0.0.1/", "unusual spelling"), ("http://127.0.0.0x1/", "unusual spelling"),
            ("http://127.0.0.1./", "dot"), ("http://localhost./", "dot"), ("http://a..b/", "no name"),
            ("http://-a.example/", "no name"), ("http://[::1/", "without its ]"), ("http://[1.2.3.4]/", "IPv6"),
            ("http://[fe80::1%25eth0]/", "IPv6"), ("http://[::1]x/", "after its host"), ("http://a|b/", "character"),
        ]
    )
    func `what can be read in two ways is refused, and said`(text: String, words: String) {
        let error = #expect(throws: FieldError.self) { try EndpointURL(text) }
        #expect(error?.problem.contains(words) == true, "\(error?.problem ?? "")")
        #expect(error?.field == "url")
    }

    @Test func `it may have 2048 bytes and no more`() throws {
        let start = "https://example.com/"
        let longest = start + String(repeating: "a", count: 2_048 - start.utf8.count)
        #expect(try EndpointURL(longest).text == longest)
        #expect(throws: FieldError.self) { try EndpointURL(longest + "a") }
    }
}
