/// What an event brings about here: changes of recipients, and announcements.
struct EventEffect: Sendable {
    var changes: [RecipientChange] = []
    var announcements: [Announcement] = []
}
