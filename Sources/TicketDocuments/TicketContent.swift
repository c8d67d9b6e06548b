/// What stands on one ticket. Texts come as a reader should see them; one that is too long is made to fit.
package struct TicketContent: Sendable {
    package var template: TicketTemplate
    /// Of the labels, and of the file.
    package var language: TicketLanguage
    package var eventTitle: String
    /// “Monday 15 June 2026”.
    package var date: String?
    /// “09:00 (Paris)”.
    package var time: String?
    package var place: String?
    package var organizer: String?
    /// Empty for a ticket without a name.
    package var guestName: String
    /// “Standard”, “Press”.
    package var type: String
    /// “TKT-001”.
    package var code: String
    /// `nil` takes the template's own words.
    package var terms: String?
    /// `nil` takes the template's own colour.
    package var accent: Color?
    package var logo: Logo?
    /// What the QR code holds.
    package var token: String
    /// Seconds since 1970: the file's date, so that the same ticket is the same file.
    package var issuedAt: Int64

    package init(
        template: TicketTemplate,
        language: TicketLanguage,
        eventTitle: String,
        date: String? = nil,
        time: String? = nil,
        place: String? = nil,
        organizer: String? = nil,
        guestName: String,
        type: String,
        code: String,
        terms: String? = nil,
        accent: Color? = nil,
        logo: Logo? = nil,
        token: String,
        issuedAt: Int64
    ) {
        self.template = template
        self.language = language
        self.eventTitle = eventTitle
        self.date = date
        self.time = time
        self.place = place
        self.organizer = organizer
        self.guestName = guestName
        self.type = type
        self.code = code
        self.terms = terms
        self.accent = accent
        self.logo = logo
        self.token = token
        self.issuedAt = issuedAt
    }
}
