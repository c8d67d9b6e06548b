import FlotillaOutbound
import FlotillaPlatform
import FoundationEssentials

/// SMS by an HTTP API of the shape of Twilio's.
struct SMSAPIProvider: NotificationProvider {
    let name = NotificationConfiguration.SMSProvider.smsAPI.rawValue
    let client: HTTPClient
    /// Without a path: `https://api.twilio.com`.
    let url: String
    let account: String
    let token: Secret
    /// The number or the name that messages come from which name none.
    let from: String

    func send(_ message: TextMessage) async -> ProviderResult {
        do throws(FieldError) { try message.check() } catch { return .refused(reason: "\(error)") }
        let fields = [("To", message.to), ("From", message.from ?? from), ("Body", message.body)]
        let request = HTTPRequest(
            "POST",
            "\(url)/2010-04-01/Accounts/\(account)/Messages.json",
            headers: [.init("Content-Type", "application/x-www-form-urlencoded")],
            body: Array(fields.map { "\($0.0)=\(Self.encoded($0.1))" }.joined(separator: "&").utf8),
            authorization: .basic(user: account, password: token),
            timeout: .notificationRequest
        )
        do {
            let answer = try await client.send(request)
            guard answer.isSuccess else { return Self.refusal(answer) }
            struct Accepted: Decodable { let sid: String }
            let accepted = try? JSONDecoder().decode(Accepted.self, from: Data(answer.body))
            return .accepted(messageID: accepted?.sid.asProviderWords ?? message.id)
        } catch {
            return ProviderResult(error)
        }
    }

    /// Looks at the account.
    func isReachable() async -> Bool {
        let request = HTTPRequest(
            "GET",
            "\(url)/2010-04-01/Accounts/\(account).json",
            authorization: .basic(user: account, password: token),
            timeout: .seconds(10)
        )
        return (try? await client.send(request))?.isFromWorkingAPI ?? false
    }

    /// What the API calls a sender that is malformed, that is not ours, or that can't send SMS.
    private static let senderCodes = [21212, 21603, 21606, 21659, 21660]

    private static func refusal(_ answer: HTTPClientResponse) -> ProviderResult {
        struct Refusal: Decodable {
            let code: Int?
            let message: String
        }
        let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(answer.body))
        // `21211: The 'To' number is not a valid phone number.`
        let words = refusal.map { "\($0.code.map { "\($0): " } ?? "")\($0.message)".asProviderWords }
        if answer.status == 400, let code = refusal?.code, senderCodes.contains(code), let words {
            return .denied(reason: "status 400: \(words) (check FLOTILLA_SMS_FROM)")
        }
        return ProviderResult(
            answer,
            words: words,
            settings: "SMS_API_URL, SMS_API_ACCOUNT and SMS_API_TOKEN"
        )
    }

    private static func encoded(_ text: String) -> String {
        var output: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                output.append(byte)
            default: output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
