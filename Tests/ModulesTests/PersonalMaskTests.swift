import FlotillaHTTPRouting
import FlotillaModules
import Testing

struct PersonalMaskTests {
    private let mask = PersonalMask(for: Principal(id: "0", name: "tests", scopes: [.read, .operate]))

    @Test(
        arguments: [
            ("550 <ann.lee@example.com> is unknown", "550 <***> is unknown"),
            ("no answer from https://a.example/t?token=x (503)", "no answer from *** (503)"),
            ("to +33 6 12 34 56 78 failed", "to *** failed"), ("0612345678", "***"),
            ("failed after 3 attempts in 1200 ms", "failed after 3 attempts in 1200 ms"),
            ("user@host", "user@host"), ("", ""),
        ]
    )
    func `addresses, numbers and links of a text are masked, and the rest stays`(text: String, shown: String) {
        #expect(mask.text(text) == shown)
    }

    @Test func `a value and a payload are masked whole, and what is not there stays so`() {
        #expect(mask.value("TKT-1") == "***" && mask.value(nil) == nil)
        #expect(mask.json(#"{"a":1}"#) == #""***""# && mask.json(nil) == nil)
    }

    @Test func `of a sealed body codes, tokens and links are masked, however deep`() {
        let body =
            #"{"ticketId":7,"tickets":[{"qrCodeData":"x","file_url":"/t/x","n":1.0}],"note":"ann@example.com","reset_link":5}"#
        #expect(
            mask.sealed(Array(body.utf8))
                == #"{"ticketId":7,"tickets":[{"qrCodeData":"***","file_url":"***","n":1.0}],"note":"***","reset_link":"***"}"#
        )
        #expect(mask.sealed(Array("no json ann@example.com".utf8)) == #""***""#)
    }

    @Test(
        arguments: [
            "code", "resetCode", "verification_code", "otp", "loginOTP", "pin", "apiKey", "X-Api-Key", "passwordHash",
            "backupCodes", "refreshTokens", "passcode",
        ]
    )
    func `what one could log in with is masked`(name: String) {
        for value in ["\"123456\"", "123456", "[\"123456\"]"] {
            let body = #"{"data":{"\#(name)":\#(value),"userId":"7"}}"#
            #expect(mask.sealed(Array(body.utf8)) == #"{"data":{"\#(name)":"***","userId":"7"}}"#)
        }
    }

    @Test(
        arguments: [
            #"{"error":{"code":"timeout"}}"#, #"{"errors":[{"code":"missing"}]}"#, #"{"plan":{"code":"pro"}}"#,
            #"{"planCode":"pro","statusCode":503,"countryCode":"FR","errorCode":"x","spin":1,"address":"a"}"#,
        ]
    )
    func `codes of plans, errors and countries stay`(body: String) {
        #expect(mask.sealed(Array(body.utf8)) == body)
    }

    @Test(arguments: [Scope.readPersonal, .admin])
    func `who may see personal data sees everything as it is`(scope: Scope) {
        let all = PersonalMask(for: Principal(id: "0", name: "tests", scopes: [scope]))
        #expect(all.value("TKT-1") == "TKT-1" && all.text("ann@example.com") == "ann@example.com")
        #expect(all.json("{}") == "{}" && all.sealed(Array(#"{"url": 1}"#.utf8)) == #"{"url": 1}"#)
    }

    @Test func `nobody in particular sees nothing personal`() {
        #expect(PersonalMask(for: nil).value("x") == "***")
    }
}
