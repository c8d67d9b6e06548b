/// What of a ticket's texts no font had when its file was made.
enum MissingCharactersMigration {
    static let sql = "ALTER TABLE generated_tickets ADD COLUMN missing_characters text;"
}
