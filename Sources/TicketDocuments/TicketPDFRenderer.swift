import CFlotillaCairo
import FoundationEssentials

/// Makes tickets' files. Belongs to one thread: fonts, layouts and pictures are kept from ticket to ticket.
///
/// ```swift
/// let renderer = TicketPDFRenderer()
/// let pdf = try renderer.pdf(of: content)
/// let gaps = renderer.missingCharacters
/// ```
package final class TicketPDFRenderer {
    private let texts = TextSetter()
    private var picture: (logo: Logo, picture: Picture)?
    /// Tickets of a job are issued at the same time.
    private var lastDate: (issuedAt: Int64, text: String)?
    private var lastSize = 32 << 10

    package init() {}

    /// The characters of the ticket made last that no installed font has, in the order of Unicode. Boxes with their
    /// numbers stand in their places on the page.
    package var missingCharacters: [Character] { texts.missing.sorted() }

    /// The ticket as a PDF file of one page. The same content always gives the same bytes.
    ///
    /// - Throws: `TicketDocumentError`.
    package func pdf(of ticket: TicketContent) throws(TicketDocumentError) -> [UInt8] {
        let code = try QRCode(ticket.token)
        let logo = try ticket.logo.map { (logo) throws(TicketDocumentError) in try self.picture(of: logo) }
        let design = ticket.template.design
        texts.begin(ticket.language)
        let surface = PDFSurface(width: design.size.width, height: design.size.height, capacity: lastSize * 5 / 4)
        let date = date(of: ticket)
        surface.describe(CAIRO_PDF_METADATA_TITLE, PDFRevision.title(of: ticket))
        surface.describe(CAIRO_PDF_METADATA_AUTHOR, ticket.organizer ?? ticket.eventTitle)
        surface.describe(CAIRO_PDF_METADATA_SUBJECT, ticket.code)
        surface.describe(CAIRO_PDF_METADATA_CREATOR, "Flotilla")
        surface.describe(CAIRO_PDF_METADATA_CREATE_DATE, date)
        try unsafe surface.draw { cairo in
            design.draw(ticket, code: code, logo: logo, on: unsafe Canvas(cairo: cairo, texts: texts))
        }
        let bytes = try surface.finish()
        lastSize = bytes.count
        return PDFRevision.described(bytes, ticket, date: date)
    }

    /// ISO 8601.
    private func date(of ticket: TicketContent) -> String {
        if let lastDate, lastDate.issuedAt == ticket.issuedAt { return lastDate.text }
        let text = Date(timeIntervalSince1970: Double(ticket.issuedAt)).ISO8601Format()
        lastDate = (ticket.issuedAt, text)
        return text
    }

    private func picture(of logo: Logo) throws(TicketDocumentError) -> Picture {
        if let picture, picture.logo == logo { return picture.picture }
        let made = try Picture(logo)
        picture = (logo, made)
        return made
    }
}
