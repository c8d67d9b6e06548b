/// A template with its variables filled in, in one language.
package struct RenderedNotification: Sendable, Hashable {
    /// The language that it is written in, which is another than asked for when the template lacks that.
    package var language: String
    /// One line; also the title in an application.
    package var subject: String
    package var html: String
    /// The text alternative of the HTML.
    package var text: String
    /// One or two sentences, for SMS and for the line under the title in an application.
    package var short: String
}
