import FlotillaModels
import FlotillaModules
import FlotillaCommandLineKit
import FlotillaOperations
import FlotillaPlatform
import FlotillaTicketDocuments
import FoundationEssentials

/// `flotilla ticket preview`: how a job's tickets would look.
enum TicketPreviewCommand {
    private static let job = Option<BodySource>(
        "job",
        "JSON|@FILE|-",
        "A job, of which the first ticket is drawn (default a sample)"
    )
    private static let template = Option<TicketTemplate>(
        "template",
        "NAME",
        "standard, vip or badge, whatever the job says"
    )
    private static let file = Argument<String>("FILE", "The PDF file to write")

    static let command = Command(
        "preview",
        "Draws a ticket as its guest would get it; its code is a specimen that no door accepts",
        takes: [file, template, job],
        examples: [
            "flotilla ticket preview ticket.pdf --template vip", "flotilla ticket preview ticket.pdf --job @job.json",
        ]
    ) { invocation in
        let configuration = try invocation.configuration()
        let jobRequest: TicketJobRequest
        let body = try invocation[job]?.read() ?? Array(sample.utf8)
        do throws(InvalidPayload) {
            jobRequest = try TicketJobRequest(body: body)
        } catch { throw CommandError("--job: \(error)", status: .wrongUse) }
        let settings = try configuration.tickets()
        let content: TicketContent
        do throws(TicketProblem) {
            content = try jobRequest.specimen(settings, template: invocation[template])
        } catch { throw CommandError("--job: \(error.message)", status: .wrongUse) }
        let path = invocation[file]
        let renderer = TicketPDFRenderer()
        let bytes = try renderer.pdf(of: content)
        let missing = String(renderer.missingCharacters)
        do throws(SystemError) {
            try PrivateFile.write(bytes, to: path, mode: 0o644)
        } catch { throw CommandError("cannot write \(path): \(error)") }
        invocation.console.note("\(path) written")
        if !missing.isEmpty { invocation.console.note("No font has \(missing): boxes stand in their places") }
        return .done
    }

    private static let sample = #"""
        {"event_id": 456, "tickets": [{"ticket_id": 789, "ticket_code": "TKT-001", "guest_name": "Jane Doe"}],
         "template_data": {"event_title": "Tech Conference 2026", "event_date": "2026-06-15T09:00:00Z",
         "event_location": "Palais des Congrès, Paris", "organizer": "Event Planner"}}
        """#
}

extension TicketTemplate: TextValue {
    package init?(text: String) { self.init(rawValue: text) }
    package static var expectation: String { allCases.map(\.rawValue).joined(separator: ", ") }
    package var text: String { rawValue }
}
