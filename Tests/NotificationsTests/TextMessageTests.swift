@testable import FlotillaNotifications
import FlotillaOutbound
import Testing

struct TextMessageTests {
    @Test(arguments: [
        "", "33612345678", "+", "+0612345678", "+33 6 12", "+336123456789012345", "+33612a4567", "+٣٣٦١٢٣٤٥٦٧",
        "+12345", "+1234567\n",
    ])
    func `what is no number in E.164 form is refused`(number: String) {
        let error = #expect(throws: FieldError.self) { try TextMessage(id: "1", to: number, body: "hi").check() }
        #expect(error?.field == "to")
    }

    @Test func `the body is text of a bearable length`() throws {
        try TextMessage(id: "1", to: "+33612345678", body: "Bonjour 👋\n" + String(repeating: "é", count: 1_000)).check()
        for body in ["", "a\0", "a\rb", String(repeating: "x", count: 1_601)] {
            let error = #expect(throws: FieldError.self) {
                try TextMessage(id: "1", to: "+33612345678", body: body).check()
            }
            #expect(error?.field == "body")
        }
    }
}
