/// The lines above the text of `fr.txt`: what mail programs and telephones show beside the text.
enum TextHeader: String, CaseIterable, Sendable {
    case subject = "Subject"
    /// For SMS, and for the line under the title in an application.
    case short = "Short"
    /// What the list of mails shows beside the subject.
    case preview = "Preview"
    /// Why the reader gets the mail, for its foot.
    case reason = "Reason"

    /// How many characters are kept; the rest is cut off at a space, with an ellipsis.
    var limit: Int { self == .short ? 320 : 200 }
}
