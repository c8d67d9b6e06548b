import FlotillaModels
import FlotillaCommandLineKit
import FlotillaModules
import FlotillaPlatform
import FoundationEssentials

/// `flotilla ticket verify`: is this ticket ours?
enum TicketVerifyCommand {
    private static let ticket = Argument<String>("TICKET", "A token, or a file: a PNG picture, or a ticket as PDF")
    private static let keyFile = Option<String>(
        "keys",
        "FILE",
        "Check offline, with keys that ticket key export has written"
    )

    static let command = Command(
        "verify",
        "Checks that a ticket is signed by one of our keys, and shows what it says",
        takes: [ticket, keyFile, OutputFormat.option],
        details: """
            Ends with 1 when it is not. This looks at the ticket alone: whether it is cancelled, or was used before, is known \
            at the door (POST /api/v1/scans/validate). A PDF is read by pdftoppm, from Debian's poppler-utils.
            """,
        examples: [
            "flotilla ticket verify CHQXA2LTNFZS4LRO…", "flotilla ticket verify ticket.pdf",
            "flotilla ticket verify photo.png --keys ticket-keys.json",
        ]
    ) { invocation in
        let token = try TicketSource(invocation[ticket]).token()
        let verifier = try await verifier(invocation[keyFile], in: invocation)
        let answer: Answer
        do throws(TicketTokenError) {
            answer = Answer(try verifier.open(token, at: WallClock.microseconds()), nil)
        } catch { answer = Answer(error.token, error) }
        try invocation.show(
            answer,
            as: Table(
                ["valid", "ticket", "event", "issued", "expires", "problem"],
                [
                    [
                        answer.valid ? "yes" : "no", answer.ticketId ?? "–", answer.eventId ?? "–",
                        answer.issuedAt ?? "–", answer.expiresAt ?? "–", answer.problem ?? "–",
                    ]
                ]
            )
        )
        return answer.valid ? .done : .failed
    }

    private static func verifier(_ file: String?, in invocation: Invocation) async throws -> TicketVerifier {
        guard let file else {
            let configuration = try invocation.configuration()
            let masters = try configuration.masterKeyring()
            return try await configuration.withPostgres { pool in
                do {
                    return try await TicketKeys(pool, masters: masters).verifier()
                } catch let error as TicketKeyError { throw CommandError("\(error)") }
            }
        }
        guard let text = FileManager.default.contents(atPath: file) else { throw CommandError("cannot read \(file)") }
        do throws(InvalidPayload) {
            return try TicketKeyFile(text: Array(text)).verifier
        } catch {
            throw CommandError(
                "\(file) is no file of keys: \(error)",
                remedy: "write one with flotilla ticket key export"
            )
        }
    }

    private struct Answer: Encodable {
        let valid: Bool
        let code: String?
        let problem: String?
        let ticketId: String?
        let eventId: String?
        let issuedAt: String?
        let expiresAt: String?

        init(_ token: TicketToken?, _ error: TicketTokenError?) {
            func time(_ seconds: UInt32) -> String { WallClock.iso8601(Int64(seconds) * 1_000_000) }
            valid = error == nil
            code = error?.code.rawValue
            problem = error?.description
            ticketId = token?.ticketID
            eventId = token?.eventID
            issuedAt = token.map { time($0.issuedAt) }
            expiresAt = token?.expiresAt.map(time)
        }
    }
}
