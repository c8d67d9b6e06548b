import FlotillaTicketDocuments
import FoundationEssentials

/// Draws tickets one after another in one thread, as a thread of the renderer does: a QR code and a page each. Nothing
/// is signed and nothing is stored but every so many files, for the ledger.
struct TicketBench {
    private let count: Int
    private let folder: String
    private let every: Int

    init(_ options: Options) throws {
        count = try options.number("count", default: 2_000)
        folder = try options.text("keep")
        every = try options.number("every", default: 500)
    }

    func run() throws -> RunReport {
        let pdfRenderer = TicketPDFRenderer()
        var sum = 0
        let begin = Moment.now()
        for number in 0..<count {
            let file = try pdfRenderer.pdf(of: Self.ticket(number))
            if number % every == 0 {
                try Data(file).write(to: URL(filePath: "\(folder)/\(Self.padded(number)).pdf"))
            }
            sum += number
        }
        return RunReport(count: count, sum: sum, begin: begin, end: .now())
    }

    /// The same words as bench/c/ticket_draw.c and bench/python/ticket_draw.py.
    private static func ticket(_ number: Int) -> TicketContent {
        let digits = padded(number)
        return TicketContent(
            template: .standard,
            language: .english,
            eventTitle: "Tech Conference 2026",
            date: "Monday 15 June 2026",
            time: "11:00 (Paris)",
            place: "Palais des Congrès, 2 place de la Porte Maillot, Paris",
            organizer: "Event Planner",
            guestName: "Zoé Dupont \(digits)",
            type: "Standard",
            code: "TKT-\(digits)",
            token: String(repeating: "CEDKTGB2NME7GZIA", count: 7) + "ABCDEFGH23" + "\(digits)",
            issuedAt: 1_769_742_000
        )
    }

    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 6 - digits.utf8.count) + digits
    }
}
